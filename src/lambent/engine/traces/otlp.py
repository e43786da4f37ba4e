"""Segments and the spans of OpenTelemetry: one from the other. Spans are in OTLP's JSON form.

Sources: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding (ids in hexadecimal, times as texts);
https://opentelemetry.io/docs/specs/semconv/ (names of attributes);
https://docs.aws.amazon.com/xray/latest/devguide/xray-opentelemetry.html.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lambent.engine.traces.documents import MOST_NAME, Document, end_of, flags_by, part, walk
from lambent.engine.traces.service import service_of

Span = Mapping[str, Any]
Attributes = dict[str, Any]

NANOSECONDS = 10**9
SERVER, CLIENT, PRODUCER, CONSUMER, INTERNAL = 2, 3, 4, 5, 1
KINDS = {"SPAN_KIND_INTERNAL": 1, "SPAN_KIND_SERVER": 2, "SPAN_KIND_CLIENT": 3, "SPAN_KIND_PRODUCER": 4,
         "SPAN_KIND_CONSUMER": 5}  # fmt: skip
ERRORS = (2, "STATUS_CODE_ERROR")
LONGEST_VALUE = 1_000
"""Characters of an annotation (https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html)."""
SCOPE = {"name": "lambent"}
DEEPEST = 20
"""Lists and objects within one another in an attribute's value."""
_BAD_IN_KEYS = re.compile(r"[^A-Za-z0-9_]")
_BAD_IN_NAMES = re.compile(r"[^\w\s.:/%&#=+\\\-@]")


MOST_SPANS = 10_000
"""Of one request. Exporters send 512 at once, collectors 8,192."""


class Malformed(Exception):
    """What was sent is none of OTLP's requests."""


# --- in


def documents_of(request: Mapping[str, Any]) -> Iterator[Document]:
    """The documents of an ExportTraceServiceRequest. Raises Malformed."""
    left = MOST_SPANS
    try:
        for resource in request.get("resourceSpans") or ():
            about = _attributes(part(resource, "resource", "attributes") or ())
            for scope in resource.get("scopeSpans") or ():
                spans = scope.get("spans") or ()
                left -= len(spans)
                if left < 0:
                    raise Malformed(f"it has more than {MOST_SPANS} spans")
                for span in spans:
                    yield _document(span, about)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise Malformed(f"a span can't be read: {error!r}") from error


def _document(span: Span, about: Attributes) -> Document:
    said = _attributes(span.get("attributes") or ())
    kind = KINDS.get(span["kind"], 0) if isinstance(span.get("kind"), str) else int(span.get("kind") or 0)
    parent = str(span.get("parentSpanId") or "").lower()
    alone = not parent or (kind in (SERVER, CONSUMER) and about.get("cloud.platform") != "aws_lambda")
    found: Document = {
        "id": str(span["spanId"]).lower(),
        "trace_id": _trace_id(str(span["traceId"])),
        "name": _name(span, said, about, kind, alone),
        "start_time": int(span["startTimeUnixNano"]) / NANOSECONDS,
        "end_time": int(span["endTimeUnixNano"]) / NANOSECONDS,
    }
    if parent:
        found["parent_id"] = parent
    if not alone:
        found["type"] = "subsegment"
        found |= {"namespace": _namespace(said)} if kind in (CLIENT, PRODUCER) else {}
    return found | _http(said) | _aws(said) | _status(span, said) | _kept(span, said, about) | _links(span)


def _trace_id(text: str) -> str:
    digits = text.lower()
    return f"1-{digits[:8]}-{digits[8:]}"


def _name(span: Span, said: Attributes, about: Attributes, kind: int, alone: bool) -> str:
    name = span.get("name")
    if alone:
        name = about.get("service.name") or name
    elif kind in (CLIENT, PRODUCER):
        called = said.get("peer.service") or said.get("rpc.service") or said.get("server.address")
        name = called or said.get("net.peer.name") or name
    return _BAD_IN_NAMES.sub("_", str(name or "span"))[:MOST_NAME]


def _namespace(said: Attributes) -> str:
    return "aws" if said.get("rpc.system") == "aws-api" else "remote"


def _http(said: Attributes) -> Document:
    request = {
        "method": said.get("http.request.method") or said.get("http.method"),
        "url": said.get("url.full") or said.get("http.url") or said.get("url.path"),
        "user_agent": said.get("user_agent.original") or said.get("http.user_agent"),
        "client_ip": said.get("client.address") or said.get("http.client_ip"),
    }
    request = {name: value for name, value in request.items() if isinstance(value, str)}
    status = _http_status(said)
    whole = {"request": request} if request else {}
    return {"http": whole | ({"response": {"status": status}} if status else {})} if whole or status else {}


def _http_status(said: Attributes) -> int:
    status = said.get("http.response.status_code") or said.get("http.status_code")
    return status if isinstance(status, int) and not isinstance(status, bool) else 0


def _aws(said: Attributes) -> Document:
    tables = said.get("aws.dynamodb.table_names")
    found = {
        "operation": said.get("rpc.method"),
        "region": said.get("aws.region") or said.get("cloud.region"),
        "request_id": said.get("aws.request_id"),
        "table_name": tables[0] if isinstance(tables, list) and tables else None,
        "queue_url": said.get("aws.queue.url") or said.get("aws.sqs.queue.url"),
    }
    found = {name: value for name, value in found.items() if isinstance(value, str)}
    return {"aws": found} if found and said.get("rpc.system") == "aws-api" else {}


def _status(span: Span, said: Attributes) -> Document:
    """An error is a fault unless HTTP says that it is the client's."""
    status, failed = _http_status(said), part(span, "status", "code") in ERRORS
    flags = flags_by(status) or ({"fault": True} if failed else {})
    events = enumerate(span.get("events") or ())
    exceptions = [_exception(event, _exception_id(span, at)) for at, event in events if _is_exception(event)]
    if not exceptions and failed and part(span, "status", "message"):
        exceptions = [{"id": _exception_id(span, 0), "type": "Error", "message": str(part(span, "status", "message"))}]
    return flags | ({"cause": {"exceptions": exceptions}} if exceptions and flags else {})


def _is_exception(event: Mapping[str, Any]) -> bool:
    return event.get("name") == "exception"


def _exception_id(span: Span, at: int) -> str:
    """One that no other exception of the trace has
    (https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html#api-segmentdocuments-errors)."""
    return f"{(int(str(span['spanId']), 16) + at) % (1 << 64):016x}"


def _exception(event: Mapping[str, Any], identifier: str) -> Document:
    said = _attributes(event.get("attributes") or ())
    kind, message = said.get("exception.type", "Error"), said.get("exception.message", "")
    return {"id": identifier, "type": str(kind), "message": str(message)}


def _kept(span: Span, said: Attributes, about: Attributes) -> Document:
    """Attributes named in `aws.xray.annotations`, or `annotation.…`, are annotations; the others metadata."""
    named = said.pop("aws.xray.annotations", None)
    named = set(named) if isinstance(named, list) and all(isinstance(one, str) for one in named) else set()
    annotations, metadata = {}, dict[str, Any]()
    for key, value in said.items():
        wanted = key in named or key.startswith("annotation.")
        if wanted and isinstance(value, bool | int | float | str):
            text = value[:LONGEST_VALUE] if isinstance(value, str) else value
            annotations[_BAD_IN_KEYS.sub("_", key.removeprefix("annotation."))] = text
        else:
            metadata[key] = value
    if span.get("name"):
        metadata["span.name"] = str(span["name"])
    kept: Document = {"metadata": {"default": metadata, "resource": about}}
    return kept | ({"annotations": annotations} if annotations else {})


def _links(span: Span) -> Document:
    links = [
        {"trace_id": _trace_id(str(one["traceId"])), "id": str(one["spanId"]).lower()}
        for one in span.get("links") or ()
    ]
    return {"links": links} if links else {}


def _attributes(pairs: Iterable[Mapping[str, Any]]) -> Attributes:
    return {str(one["key"]): _value(one.get("value") or {}, 0) for one in pairs}


def _value(said: Mapping[str, Any], depth: int) -> Any:
    if depth > DEEPEST:
        return None
    for name, value in said.items():
        match name:
            case "intValue":
                return int(value)
            case "arrayValue":
                return [_value(one, depth + 1) for one in value.get("values") or ()]
            case "kvlistValue":
                values = value.get("values") or ()
                return {str(one["key"]): _value(one.get("value") or {}, depth + 1) for one in values}
            case "stringValue" | "boolValue" | "doubleValue" | "bytesValue":
                return value
    return None


# --- out


def request_of(segments: Sequence[Document]) -> dict[str, Any]:
    """An ExportTraceServiceRequest of segments, or of subsegments that were sent alone."""
    resources: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for segment in segments:
        spans = resources.setdefault(tuple(service_of(segment)), [])  # type: ignore[arg-type]
        spans += _spans(segment)
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _told({"service.name": name, "aws.xray.origin": origin})},
                "scopeSpans": [{"scope": SCOPE, "spans": spans}],
            }
            for (name, origin), spans in resources.items()
        ]
    }


def _spans(segment: Document) -> Iterator[dict[str, Any]]:
    """It, and each of its subsegments as a child of what it is in."""
    parents = {inner["id"]: one["id"] for one in walk(segment) for inner in one.get("subsegments") or ()}
    for one in walk(segment):
        if one.get("end_time") is not None:  # what is under way is told when it has ended
            yield _span(one, segment, parents.get(one["id"]) or segment.get("parent_id"))


def _span(one: Document, segment: Document, parent: str | None) -> dict[str, Any]:
    bad = one.get("fault") or one.get("error") or one.get("throttle")
    if one is segment and one.get("type") != "subsegment":
        kind = SERVER
    else:
        kind = CLIENT if one.get("namespace") in ("aws", "remote") else INTERNAL
    return {
        "traceId": segment["trace_id"].replace("-", "")[1:],
        "spanId": one["id"],
        **({"parentSpanId": parent} if parent else {}),
        "name": str(one["name"]),
        "kind": kind,
        "startTimeUnixNano": _nano(one["start_time"]),
        "endTimeUnixNano": _nano(end_of(one)),
        "attributes": _told(_said_of(one)),
        "events": list(_events(one)),
        "links": list(_spans_linked(one)),
        "status": {"code": 2} if bad else {},
    }


def _nano(seconds: float) -> str:
    """To the microsecond, which is what a number of seconds can tell."""
    return str(round(seconds * 1_000_000) * 1_000)


def _said_of(one: Document) -> Attributes:
    found: Attributes = {
        "http.request.method": part(one, "http", "request", "method"),
        "url.full": part(one, "http", "request", "url"),
        "user_agent.original": part(one, "http", "request", "user_agent"),
        "client.address": part(one, "http", "request", "client_ip"),
        "http.response.status_code": part(one, "http", "response", "status"),
        "enduser.id": one.get("user"),
        "aws.arn": one.get("resource_arn"),
    }
    found |= {f"aws.{key}": value for key, value in (one.get("aws") or {}).items()}
    found |= {f"annotation.{key}": value for key, value in (one.get("annotations") or {}).items()}
    found |= {f"metadata.{key}": value for key, value in (one.get("metadata") or {}).items()}
    return {key: value for key, value in found.items() if value is not None}


def _events(one: Document) -> Iterator[dict[str, Any]]:
    exceptions = part(one, "cause", "exceptions")
    for exception in exceptions if isinstance(exceptions, list) else ():
        if isinstance(exception, dict):
            said = {"exception.type": exception.get("type"), "exception.message": exception.get("message")}
            known = {key: str(value) for key, value in said.items() if value is not None}
            yield {"timeUnixNano": _nano(end_of(one)), "name": "exception", "attributes": _told(known)}


def _spans_linked(one: Document) -> Iterator[dict[str, Any]]:
    links = one.get("links")
    for link in links if isinstance(links, list) else ():
        root, segment = part(link, "trace_id"), part(link, "id")
        if isinstance(root, str) and isinstance(segment, str):
            yield {"traceId": root.replace("-", "")[1:], "spanId": segment}


def _told(said: Attributes) -> list[dict[str, Any]]:
    return [{"key": key, "value": _written(value, 0)} for key, value in said.items()]


def _written(value: Any, depth: int) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)} if abs(value) < 1 << 63 else {"stringValue": str(value)}
        case float():
            return {"doubleValue": value}
        case list() if depth < DEEPEST:
            return {"arrayValue": {"values": [_written(one, depth + 1) for one in value]}}
        case dict() if depth < DEEPEST:
            values = [{"key": str(key), "value": _written(one, depth + 1)} for key, one in value.items()]
            return {"kvlistValue": {"values": values}}
    return {"stringValue": "" if value is None else str(value)}
