"""Receipt handles: which message of which queue, and which of its receives. Opaque to clients, checked here."""

import base64
import binascii
import hashlib
import struct
from typing import NamedTuple

_FIELDS = struct.Struct(">QQI")
_CHECK = 6


class Receipt(NamedTuple):
    """The `receives`th receive of message `seq` in the queue `uid`."""

    uid: int
    seq: int
    receives: int


def write(receipt: Receipt) -> str:
    """The handle of a receipt."""
    fields = _FIELDS.pack(*receipt)
    return "AQEB" + base64.b64encode(_check(fields) + fields).decode("ascii")


def read(handle: str) -> Receipt | None:
    """The receipt of a handle; None when it is none of ours."""
    try:
        data = base64.b64decode(handle.removeprefix("AQEB"), validate=True)
    except (binascii.Error, ValueError):
        return None
    if not handle.startswith("AQEB") or len(data) != _CHECK + _FIELDS.size or _check(data[_CHECK:]) != data[:_CHECK]:
        return None
    return Receipt(*_FIELDS.unpack(data[_CHECK:]))


def _check(fields: bytes) -> bytes:
    """Keeps mistyped handles out; it is no secret."""
    return hashlib.blake2s(fields, digest_size=_CHECK).digest()
