"""Bodies that clients compress, where a service's model says that they may (`requestCompression`).

Source: https://smithy.io/2.0/spec/behavior-traits.html#smithy-api-requestcompression-trait (gzip is the one that there
is).
"""

import zlib

from lambent.wire.fault import Fault
from lambent.wire.http import Request
from lambent.wire.scalars import unreadable

MOST_BYTES = 16 << 20
"""Of a body when it is unpacked."""
GZIP_WINDOW = 31


def unpack(request: Request) -> None:
    """Put the body that was compressed in the place of the one that came. Raises Fault (400, 413)."""
    if request.headers.get("content-encoding", "").strip().lower() != "gzip":
        return
    try:
        request.body = unpacked(request.body)
    except OverflowError as error:
        raise Fault("RequestEntityTooLargeException", f"{error}.", status=413) from None
    except ValueError:
        raise unreadable(None) from None


def unpacked(body: bytes) -> bytes:
    """What a whole gzip has. Raises ValueError for what is none, OverflowError for more than `MOST_BYTES`."""
    unpacker = zlib.decompressobj(GZIP_WINDOW)
    try:
        found = unpacker.decompress(body, MOST_BYTES)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if unpacker.unconsumed_tail:
        raise OverflowError(f"A body has at most {MOST_BYTES} bytes here")
    if not unpacker.eof:
        raise ValueError("the gzip ends too early")
    return found
