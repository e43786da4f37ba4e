"""CBOR bodies: what AWS's SDK for Java sends and reads instead of JSON, where a service takes it (Kinesis and its
client and producer libraries), and those of Smithy's RPC. The same members as in JSON; blobs are bytes, timestamps tag
1, with milliseconds in the former and seconds in the latter.

Source of the timestamps: `SdkCborGenerator` of the SDK for Java writes tag 1 and `Date.getTime()`; RFC 8949 has seconds
there, which is how a float is read, and how Smithy's RPC has them
(https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html#timestamp-type-serialization).
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2

from lambent.wire.scalars import EPOCH, unreadable, wire_moment

TYPE = "application/x-amz-cbor-"
"""How the content type begins; the JSON version of the service follows."""
MOMENT = 1
RPC_TYPE = "application/cbor"
DEPTH = 100


def loads(body: bytes, rpc: bool = False) -> Any:
    """The value of a body, with `rpc` one of Smithy's RPC; an empty body is None.

    Raises Fault(SerializationException).
    """
    if not body:
        return None
    try:
        return cbor2.loads(body, semantic_decoders={MOMENT: _second if rpc else _moment}, max_depth=DEPTH)
    except (cbor2.CBORError, ValueError, TypeError, OverflowError):
        raise unreadable(None) from None


def dumps(value: Any) -> bytes:
    """A body."""
    return cbor2.dumps(value)


def moment(value: Any) -> cbor2.CBORTag:
    """A timestamp. A naive datetime is UTC; a number is seconds since 1970."""
    seconds = wire_moment(value, "unixTimestamp")
    return cbor2.CBORTag(MOMENT, round(float(seconds) * 1000))


def second(value: Any) -> cbor2.CBORTag:
    """The same for Smithy's RPC."""
    return cbor2.CBORTag(MOMENT, wire_moment(value, "unixTimestamp"))


def _second(value: Any, _immutable: bool) -> datetime:
    return (EPOCH + timedelta(seconds=value)).astimezone(UTC)


def _moment(value: Any, _immutable: bool) -> datetime:
    milliseconds = value * 1000 if isinstance(value, float) else value
    return (EPOCH + timedelta(milliseconds=milliseconds)).astimezone(UTC)
