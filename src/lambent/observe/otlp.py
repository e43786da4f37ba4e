"""OTLP's protobuf, read into its JSON form and written from it.

The two differ in ids, which protobuf's own JSON has in base64 and OTLP's in hexadecimal
(https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
"""

import base64
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from lambent.engine.traces.otlp import Malformed

MOST_PARTS = 300_000
"""Messages within a request (spans, attributes, values): of two bytes in protobuf, and a thousand in memory."""
_IDS = ("traceId", "spanId", "parentSpanId")


def read(protobuf: bytes) -> dict[str, Any]:
    """The JSON form of an ExportTraceServiceRequest. Raises Malformed."""
    from google.protobuf.json_format import MessageToDict
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    try:
        request = ExportTraceServiceRequest.FromString(protobuf)
        if sum(1 for _ in islice(_parts(request), MOST_PARTS + 1)) > MOST_PARTS:
            raise Malformed(f"it has more than {MOST_PARTS} parts")
        said: dict[str, Any] = MessageToDict(request)
    except (DecodeError, ValueError, RecursionError) as error:
        raise Malformed(f"it is no ExportTraceServiceRequest: {error}") from error
    _each_id(said, lambda text: base64.b64decode(text).hex())
    return said


def _parts(message: Any) -> Iterator[Any]:
    """Every message within one."""
    for field, value in message.ListFields():
        if field.message_type is not None:
            for one in value if field.is_repeated else (value,):
                yield one
                yield from _parts(one)


def written(request: dict[str, Any]) -> bytes:
    """The protobuf of a request in JSON form, which is changed on the way."""
    from google.protobuf.json_format import ParseDict
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    _each_id(request, lambda text: base64.b64encode(bytes.fromhex(text)).decode())
    message = ParseDict(request, ExportTraceServiceRequest())
    return bytes(message.SerializeToString())


def answer(rejected: int, message: str) -> bytes:
    """The protobuf of an ExportTraceServiceResponse."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

    said = ExportTraceServiceResponse()
    if rejected:
        said.partial_success.rejected_spans = rejected
        said.partial_success.error_message = message
    return bytes(said.SerializeToString())


def _each_id(request: dict[str, Any], change: Callable[[str], str]) -> None:
    for span in _spans(request):
        for holder in (span, *(span.get("links") or ())):
            holder.update({name: change(holder[name]) for name in _IDS if name in holder})


def _spans(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in request.get("resourceSpans") or ():
        for scope in resource.get("scopeSpans") or ():
            yield from scope.get("spans") or ()
