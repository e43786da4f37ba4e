"""One HTTP request and one HTTP response, as values."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Request:
    """A request as it came.

    `path` and `query` are raw (percent-encoded, query without its "?"). Header names are lower-case; a header
    sent twice holds both values joined by ", " (RFC 9110, section 5.3).
    """

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(slots=True)
class Response:
    """A response to be sent. A body that is an iterator is sent chunked; Content-Length is the sender's
    to add."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | AsyncIterator[bytes] = b""
    head: bytes = b""
