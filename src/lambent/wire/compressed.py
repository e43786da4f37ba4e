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
    unpacker = zlib.decompressobj(GZIP_WINDOW)
    try:
        body = unpacker.decompress(request.body, MOST_BYTES)
    except zlib.error:
        raise unreadable(None) from None
    if unpacker.unconsumed_tail:
        raise Fault("RequestEntityTooLargeException", f"A body has at most {MOST_BYTES} bytes here.", status=413)
    if not unpacker.eof:
        raise unreadable(None)
    request.body = body
