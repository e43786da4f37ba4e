"""What an operation answers, or why it refuses, as an HTTP response in the service's protocol."""

import base64
import functools
from collections.abc import AsyncIterable, Callable, Mapping
from typing import Any

import orjson
from botocore.model import OperationModel, Shape

from lambent.wire import documents, serialize_json, serialize_xml
from lambent.wire.events import frames
from lambent.wire.fault import Fault
from lambent.wire.faults import serialize_fault
from lambent.wire.http import Response
from lambent.wire.scalars import leaf_to_text
from lambent.wire.service import CBOR, RPC_CBOR, RPC_HEADER, Service

Result = Mapping[str, Any]
Headers = list[tuple[str, str]]
HEADER_LOCATIONS = frozenset({"header", "headers"})
NOT_IN_BODY = HEADER_LOCATIONS | {"statusCode"}
"""Where a result's members may stand; `uri` and `querystring` say nothing about results."""
TEXT_HEADER = "text in a header"
EVENT_STREAM = "application/vnd.amazon.eventstream"


def output(service: Service, operation: str, result: Result, request_id: str) -> Response:
    """The response to a call that went well.

    `result` is what boto3 would hand its caller (without ResponseMetadata); members that are None are left
    out. A streaming payload may be an async iterator of bytes, an event stream one of `{event: members}`.
    Raises KeyError for a member that the model doesn't have: a mistake of ours, not the caller's.
    """
    model = service.operation(operation)
    result = {name: value for name, value in result.items() if value is not None}
    return SERIALIZERS[service.protocol](service, model, result, request_id)


def fault(service: Service, operation: str | None, error: Fault, request_id: str) -> Response:
    """The response to a call that `error` ended; `operation` is None when it wasn't even routed."""
    response = serialize_fault(service, error, request_id)
    if operation is not None and service.operation(operation).http.get("method") == "HEAD":
        response.body = b""
    return response


def request_id_header(service: Service) -> str:
    """S3 names its request ids otherwise than the rest of AWS."""
    return "x-amz-request-id" if service.metadata.get("noErrorWrapping") else "x-amzn-RequestId"


def _rest(service: Service, model: OperationModel, result: Result, request_id: str) -> Response:
    headers: Headers = [(request_id_header(service), request_id)]
    status = int(model.http.get("responseCode", 200))
    shape = model.output_shape
    if shape is None:
        return Response(status, headers)
    in_body: dict[str, Any] = {}
    places = _places(shape)
    for name, value in result.items():
        location, wire_name = places[name]
        if location == TEXT_HEADER:
            headers.append((wire_name, str(value)))
        elif location == "statusCode":
            status = int(value)
        elif location in HEADER_LOCATIONS:
            headers.extend(_headers(name, shape.members[name], value))
        else:
            in_body[name] = value
    content_type, body = _rest_body(service, model, in_body)
    if content_type and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", content_type))
    return Response(status, headers, body)


@functools.cache
def _places(shape: Shape) -> dict[str, tuple[str | None, str]]:
    """Where each member of a result stands, and what it is called there."""
    places = {}
    for name, member in shape.members.items():
        said = member.serialization
        location = said.get("location")
        plain = location == "header" and member.type_name == "string" and not said.get("jsonvalue")
        places[name] = TEXT_HEADER if plain else location, said.get("name", name)
    return places


def _rest_body(service: Service, model: OperationModel, result: Result) -> tuple[str | None, Any]:
    """The body and its type: the payload member if there is one, else a document of the members given."""
    shape = model.output_shape
    payload = shape.serialization.get("payload")
    if payload is not None:
        return _payload(service, shape.members[payload], result.get(payload))
    if service.protocol == "rest-xml" and _has_no_body(shape):
        return None, b""
    return _document(service, model, result)


@functools.cache
def _has_no_body(shape: Shape) -> bool:
    return all(member.serialization.get("location") in NOT_IN_BODY for member in shape.members.values())


def _document(service: Service, model: OperationModel, result: Result) -> tuple[str, bytes]:
    shape = model.output_shape
    if service.protocol == "rest-xml":
        return "application/xml", serialize_xml.rest_output(service, model, result)
    return "application/json", orjson.dumps(serialize_json.write(shape, result))


def _payload(service: Service, member: Shape, value: Any) -> tuple[str | None, Any]:
    if member.type_name == "structure" and member.serialization.get("eventstream"):
        return EVENT_STREAM, frames(service, member, value)
    if member.type_name == "blob":
        return "application/octet-stream", _raw(value)
    if member.type_name == "string":
        return "text/plain", _raw(value)
    if service.protocol == "rest-xml":
        return "application/xml", b"" if value is None else serialize_xml.payload(member, value)
    return "application/json", orjson.dumps(serialize_json.write(member, {} if value is None else value))


def _raw(value: Any) -> Any:
    """Bytes of a payload: an iterator goes on as it is, and so does whatever reads like a file."""
    if value is None:
        return b""
    if isinstance(value, AsyncIterable | bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    return value.read() if hasattr(value, "read") else bytes(value)


def _headers(name: str, member: Shape, value: Any) -> Headers:
    wire_name = member.serialization.get("name", name)
    if member.serialization["location"] == "headers":
        prefix = member.serialization.get("name", "")
        return [(f"{prefix}{key}", str(item)) for key, item in value.items()]
    if member.serialization.get("jsonvalue"):
        return [(wire_name, base64.b64encode(orjson.dumps(value)).decode("ascii"))]
    if member.type_name == "list":
        return [(wire_name, ", ".join(_header_item(member.member, item) for item in value))] if value else []
    return [(wire_name, _header_text(member, value))]


def _header_item(member: Shape, value: Any) -> str:
    """An item of a list header, quoted when it holds what separates items."""
    text = _header_text(member, value)
    if member.type_name == "string" and ("," in text or '"' in text):
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return text


def _header_text(member: Shape, value: Any) -> str:
    return leaf_to_text(member.type_name, value, member.serialization.get("timestampFormat", "rfc822"))


def _json(service: Service, model: OperationModel, result: Result, request_id: str) -> Response:
    headers = [("x-amzn-RequestId", request_id), ("Content-Type", documents.content_type(service))]
    shape, dumps = model.output_shape, documents.dumps(service)
    if shape is None:
        return Response(200, headers, dumps({}))
    stream = model.get_event_stream_output()
    if stream is None:
        return Response(200, headers, dumps(documents.write(service, shape, result)))
    headers[1] = ("Content-Type", EVENT_STREAM)
    name = next(name for name, member in shape.members.items() if member.name == stream.name)
    first = {key: value for key, value in result.items() if key != name}
    initial = dumps(documents.write(service, shape, first))
    return Response(200, headers, frames(service, stream, result.get(name), initial=initial))


def _rpc(service: Service, model: OperationModel, result: Result, request_id: str) -> Response:
    """An operation without output has an empty body."""
    headers = [("x-amzn-RequestId", request_id), ("smithy-protocol", RPC_HEADER)]
    if model.output_shape is None:
        return Response(200, headers)
    body = documents.dumps(service)(documents.write(service, model.output_shape, result))
    return Response(200, [*headers, ("Content-Type", documents.content_type(service))], body)


def _query(service: Service, model: OperationModel, result: Result, request_id: str) -> Response:
    headers = [("x-amzn-RequestId", request_id), ("Content-Type", "text/xml")]
    return Response(200, headers, serialize_xml.query_output(service, model, result, request_id))


SERIALIZERS: dict[str, Callable[[Service, OperationModel, Result, str], Response]] = {
    "rest-json": _rest,
    "rest-xml": _rest,
    "json": _json,
    CBOR: _json,
    RPC_CBOR: _rpc,
    "query": _query,
}
