"""A request to something of the user's that has a host name of its own: a function URL, an API, a load balancer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from lambent.wire.http import Response


@dataclass(slots=True)
class SiteRequest:
    """A request to the site `id` of the kind `kind` ("lambda-url", "execute-api", "elb").

    `region` is "" where the request does not say it (path forms): ids are looked up in all. `path` and `query` are
    raw, as a client sends them to AWS; `base` is what stood before `path` in a path form, for links. `headers` are
    pairs in the order and case in which they were sent. `length` is the body's; of a body above `LOADED_BYTES`, which
    no site takes, `body` is empty. `peer` is the client's address ("127.0.0.1" where there is none), `scheme` http or
    https. `inside` is the access key of the environment that asks, "" for a client outside. `upgrade` tells that the
    client wants to speak WebSocket: a Response with the status 101, the headers of the handshake and a `takeover` makes
    it so, any other one refuses.
    """

    kind: str
    id: str
    region: str
    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes
    host: str
    request_id: str
    length: int = 0
    peer: str = "127.0.0.1"
    scheme: str = "http"
    base: str = ""
    inside: str = ""
    upgrade: bool = False
    named: dict[str, str] = field(default_factory=dict)
    """The headers by lower-case name, values of repeated ones joined by ", "."""
    listener: str = ""
    """The ARN of the load balancer's listener by whose own port it came."""


LOADED_BYTES = 11 << 20
"""More than any site takes: API Gateway's 10 MB (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html)."""

Serve = Callable[[SiteRequest], Awaitable[Response | None]]
"""Answers a request to a site; None when it has no site of that id."""
