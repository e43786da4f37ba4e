"""Results that are event streams: modelled events to framed messages."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from typing import Any

from botocore.model import Shape

from lambent.wire import serialize_xml
from lambent.wire.documents import content_type, dumps, write
from lambent.wire.eventstream import HeaderValue, Message, encode
from lambent.wire.fault import Fault
from lambent.wire.service import CBOR, Service

Event = Mapping[str, Mapping[str, Any]]


def frames(
    service: Service,
    stream: Shape,
    events: AsyncIterable[Event] | Iterable[Event] | None,
    *,
    initial: bytes | None = None,
) -> bytes | AsyncIterator[bytes]:
    """The body of a stream of `{event name: members}`; `initial` is the first message of non-REST protocols.

    Events that come as they happen (an async iterator) are framed as they come, and a Fault among them ends
    the stream as an exception message.
    """
    first = b"" if initial is None else _initial(service, initial)
    if isinstance(events, AsyncIterable):
        return _framed(service, stream, events, first)
    return first + b"".join(frame(service, stream, event) for event in events or ())


def frame(service: Service, stream: Shape, event: Event) -> bytes:
    """One event's message."""
    ((name, members),) = event.items()
    shape = stream.members[name]
    kind = "exception" if shape.metadata.get("exception") else "event"
    headers: dict[str, HeaderValue] = {f":{kind}-type": name}
    payload_type, payload = _payload(service, shape, members, headers)
    if payload_type:
        headers[":content-type"] = payload_type
    headers[":message-type"] = kind
    return encode(Message(headers, payload))


def fault_frame(service: Service, stream: Shape, fault: Fault) -> bytes:
    """The message that ends a stream with `fault`: an exception when the stream's model has it, else an
    error."""
    for name, shape in stream.members.items():
        if shape.metadata.get("exception") and fault.code in {name, shape.name}:
            message = next((key for key in shape.members if key.lower() == "message"), "message")
            kind, payload = _document(service, shape, {message: fault.message, **fault.members})
            headers: dict[str, HeaderValue] = {
                ":exception-type": name,
                ":content-type": kind,
                ":message-type": "exception",
            }
            return encode(Message(headers, payload))
    error = {":message-type": "error", ":error-code": fault.code, ":error-message": fault.message or ""}
    return encode(Message(error))


async def _framed(service: Service, stream: Shape, events: AsyncIterable[Event], first: bytes) -> AsyncIterator[bytes]:
    if first:
        yield first
    try:
        async for event in events:
            yield frame(service, stream, event)
    except Fault as fault:
        yield fault_frame(service, stream, fault)


def _initial(service: Service, payload: bytes) -> bytes:
    headers: dict[str, HeaderValue] = {
        ":event-type": "initial-response",
        ":content-type": content_type(service),
        ":message-type": "event",
    }
    return encode(Message(headers, payload))


def _payload(
    service: Service, shape: Shape, members: Mapping[str, Any], headers: dict[str, HeaderValue]
) -> tuple[str | None, bytes]:
    """The event's payload and its type; members that are event headers go into `headers`."""
    rest = {}
    for name, value in members.items():
        serialization = shape.members[name].serialization
        if serialization.get("eventheader"):
            headers[name] = value
        elif serialization.get("eventpayload"):
            return _explicit(service, shape.members[name], value)
        elif value is not None:
            rest[name] = value
    if not shape.members:
        return None, b""
    return _document(service, shape, rest)


def _explicit(service: Service, member: Shape, value: Any) -> tuple[str, bytes]:
    if member.type_name == "blob":
        return "application/octet-stream", bytes(value)
    if member.type_name == "string":
        return "text/plain", str(value).encode()
    return _document(service, member, value)


def _document(service: Service, shape: Shape, value: Mapping[str, Any]) -> tuple[str, bytes]:
    if service.protocol == "rest-xml":
        return "text/xml", serialize_xml.payload(shape, value)
    kind = content_type(service) if service.protocol == CBOR else "application/json"
    return kind, dumps(service)(write(service, shape, value))
