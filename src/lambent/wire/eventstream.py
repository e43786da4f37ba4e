"""Event-stream framing (`application/vnd.amazon.eventstream`): bytes to messages and back. Pure.

A message is a prelude (total length, headers' length, CRC-32 of both), headers, payload, and the CRC-32 of
all before it; numbers are big-endian.
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html
"""

import struct
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zlib import crc32

PRELUDE = struct.Struct("!III")
PRELUDE_BYTES = PRELUDE.size
CHECKSUM_BYTES = 4
MAX_HEADERS_BYTES = 128 * 1024
MAX_PAYLOAD_BYTES = 24 * 1024 * 1024
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

HeaderValue = bool | int | bytes | str | datetime | uuid.UUID


class EventStreamError(ValueError):
    """Bytes that are no event stream, or a message that can't be one."""


class ChecksumError(EventStreamError):
    """A CRC-32 that doesn't match."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message. An int header was, or will be, the smallest integer type that AWS writes: 4 or 8 bytes."""

    headers: Mapping[str, HeaderValue] = field(default_factory=dict)
    payload: bytes = b""


def encode(message: Message) -> bytes:
    """The message's frame. Raises EventStreamError when it is over the format's limits."""
    headers = b"".join(_encoded_header(name, value) for name, value in message.headers.items())
    if len(headers) > MAX_HEADERS_BYTES or len(message.payload) > MAX_PAYLOAD_BYTES:
        raise EventStreamError("headers over 128 KiB or payload over 24 MiB")
    total = PRELUDE_BYTES + len(headers) + len(message.payload) + CHECKSUM_BYTES
    lengths = struct.pack("!II", total, len(headers))
    frame = lengths + struct.pack("!I", crc32(lengths)) + headers + message.payload
    return frame + struct.pack("!I", crc32(frame))


def decode(data: bytes) -> tuple[Message | None, bytes]:
    """The first message of `data` and the bytes after it; None and all bytes while it is not complete.

    Raises ChecksumError or EventStreamError.
    """
    if len(data) < PRELUDE_BYTES:
        return None, data
    total, headers_length, checksum = PRELUDE.unpack_from(data)
    if crc32(data[:8]) != checksum:
        raise ChecksumError("the prelude's checksum does not match")
    _check_lengths(total, headers_length)
    if len(data) < total:
        return None, data
    (expected,) = struct.unpack_from("!I", data, total - CHECKSUM_BYTES)
    if crc32(data[: total - CHECKSUM_BYTES]) != expected:
        raise ChecksumError("the message's checksum does not match")
    end = PRELUDE_BYTES + headers_length
    headers = dict(_headers(data[PRELUDE_BYTES:end]))
    return Message(headers, data[end : total - CHECKSUM_BYTES]), data[total:]


def decode_all(data: bytes) -> list[Message]:
    """Every message of `data`. Raises EventStreamError when bytes are left over."""
    messages = []
    while data:
        message, data = decode(data)
        if message is None:
            raise EventStreamError(f"{len(data)} bytes of an incomplete message")
        messages.append(message)
    return messages


def _check_lengths(total: int, headers_length: int) -> None:
    if headers_length > MAX_HEADERS_BYTES:
        raise EventStreamError(f"headers of {headers_length} bytes")
    payload = total - PRELUDE_BYTES - headers_length - CHECKSUM_BYTES
    if not 0 <= payload <= MAX_PAYLOAD_BYTES:
        raise EventStreamError(f"a payload of {payload} bytes")


def _encoded_header(name: str, value: HeaderValue) -> bytes:
    encoded = name.encode()
    if not 0 < len(encoded) < 256:
        raise EventStreamError(f"a header name of {len(encoded)} bytes")
    return bytes([len(encoded)]) + encoded + _encoded_value(value)


def _encoded_value(value: HeaderValue) -> bytes:
    if isinstance(value, bool):
        return b"\x00" if value else b"\x01"
    if isinstance(value, int):
        return _encoded_integer(value)
    if isinstance(value, bytes | str):
        return _encoded_text(value)
    if isinstance(value, datetime):
        return struct.pack("!Bq", 8, round((value - EPOCH) / timedelta(milliseconds=1)))
    return b"\x09" + value.bytes


def _encoded_integer(value: int) -> bytes:
    if -(2**31) <= value < 2**31:
        return struct.pack("!Bi", 4, value)
    if -(2**63) <= value < 2**63:
        return struct.pack("!Bq", 5, value)
    raise EventStreamError(f"{value} has more than 64 bits")


def _encoded_text(value: bytes | str) -> bytes:
    kind, data = (6, value) if isinstance(value, bytes) else (7, value.encode())
    if len(data) > 0x7FFF:
        raise EventStreamError(f"a header value of {len(data)} bytes")
    return struct.pack("!BH", kind, len(data)) + data


def _headers(data: bytes) -> Iterator[tuple[str, HeaderValue]]:
    at = 0
    seen: set[str] = set()
    try:
        while at < len(data):
            length = data[at]
            name = data[at + 1 : at + 1 + length].decode()
            if name in seen:
                raise EventStreamError(f"the header {name} twice")
            seen.add(name)
            value, at = _value(data, at + 2 + length, data[at + 1 + length])
            yield name, value
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise EventStreamError(f"malformed headers: {error}") from error


INTEGERS = {2: "!b", 3: "!h", 4: "!i", 5: "!q"}


def _value(data: bytes, at: int, kind: int) -> tuple[HeaderValue, int]:
    """The value of type `kind` at `at`, and where it ends."""
    if kind in {0, 1}:
        return kind == 0, at
    if kind in INTEGERS:
        (number,) = struct.unpack_from(INTEGERS[kind], data, at)
        return int(number), at + struct.calcsize(INTEGERS[kind])
    if kind in {6, 7}:
        (length,) = struct.unpack_from("!H", data, at)
        end = at + 2 + length
        if end > len(data):
            raise EventStreamError("a header value beyond the headers")
        return (data[at + 2 : end] if kind == 6 else data[at + 2 : end].decode()), end
    if kind == 8:
        (milliseconds,) = struct.unpack_from("!q", data, at)
        return EPOCH + timedelta(milliseconds=milliseconds), at + 8
    if kind == 9 and at + 16 <= len(data):
        return uuid.UUID(bytes=data[at : at + 16]), at + 16
    raise EventStreamError(f"a header of type {kind}")
