"""One HTTP request and one HTTP response, as values."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Protocol


class Stream(Protocol):
    """A connection that speaks HTTP no more: bytes both ways."""

    async def read(self) -> bytes:
        """What came; b"" when the other side is gone."""
        ...

    async def write(self, data: bytes) -> None:
        """Send. Waits for a reader that is slow; what is for one that is gone is dropped."""
        ...


UNSIGNED = "Signature=none"
"""How the server's own requests are signed: nobody looks at it, and they are nobody's calls."""


def unsigned(whose: str, region: str, signing_name: str) -> str:
    """An Authorization header that says whose a request is, by an account or an access key."""
    scope = f"{whose}/20260101/{region}/{signing_name}/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, {UNSIGNED}"


Takeover = Callable[[Stream], Awaitable[None]]
"""Speaks another protocol on a connection; which is closed when it comes back."""


class Client(Protocol):
    """Who sent a request. `number` tells connections apart."""

    @property
    def number(self) -> int: ...

    @property
    def address(self) -> str:
        """The address, "" when it has none."""
        ...

    @property
    def scheme(self) -> str:
        """http or https."""
        ...


@dataclass(frozen=True, slots=True)
class Form:
    """A form that uploads an object: its fields before the file by lower-case name, the access key that signed it (""
    for nobody) and the region that it is signed for."""

    fields: Mapping[str, str]
    access_key: str = ""
    region: str = ""


@dataclass(slots=True)
class Request:
    """A request as it came.

    `path` and `query` are raw (percent-encoded, query without its "?"). Header names are lower-case; a header
    sent twice holds both values joined by ", " (RFC 9110, section 5.3); `lines` are the headers as they were sent. A
    large body is in `file`, and `body` empty. `inside` is the access key of the execution environment by whose own
    socket it came, "" for one from outside. `principal` is the service of AWS in whose name Lambent itself asks:
    nothing that comes by a socket has one. `client` is None where no connection is behind it.
    `form` is the form that it came by.
    `kept` says that who asks, in this process, has it on disk until after it is answered (`Delivery.kept`).
    `own` is one that a stack makes, in this process: it may give tags that are AWS's own. `acting` (an `Acting`) is in
    whose name a service that is answered in this process asks: nothing that comes by a socket has one.
    """

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    inside: str = ""
    file: IO[bytes] | None = None
    principal: str = ""
    lines: Sequence[tuple[bytes, bytes]] = ()
    client: Client | None = None
    own: bool = False
    form: Form | None = None
    acting: object = None
    kept: bool = False
    routed: dict[object, tuple[tuple[object, ...], Any]] = field(default_factory=dict, repr=False, compare=False)
    """What `wire.route` was asked for, and what it found, by whose routes they were; so has `wire.query` its form."""


@dataclass(slots=True)
class Response:
    """A response to be sent. A body that is an iterator is sent chunked, and one that raises cuts the connection;
    Content-Length is the sender's to add. `head` are header lines that are ready. With `takeover` (status 101) the
    connection is its own from then on."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | AsyncIterator[bytes] = b""
    head: bytes = b""
    takeover: Takeover | None = None
