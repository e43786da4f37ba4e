"""What serving an API needs from the rest of the server."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from lambent.clock import Clock
from lambent.engine.authorizer_cache import AuthorizerCache
from lambent.engine.response_cache import ResponseCache
from lambent.engine.throttle import Buckets
from lambent.ids import new_span
from lambent.model.acting import Acting
from lambent.model.credentials import May, Signer, everybody_may
from lambent.model.door import Call, Door
from lambent.model.finding import Finding
from lambent.model.invocation import Outcome
from lambent.model.limits import AWS_2026, Limits
from lambent.model.metric import MeasureTogether, none_measured
from lambent.model.scope import Scope
from lambent.model.trace import Segment
from lambent.services.web_backends import Fetch
from lambent.store.resources import Resources
from lambent.wire.http import Request, Response
from lambent.wire.site import SiteRequest


class ResponseStream(Protocol):
    """A response while it is written: its parts, then `outcome`. `abandon` when nobody reads it any more."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    @property
    def outcome(self) -> Outcome: ...

    def abandon(self) -> None: ...


class Functions(Protocol):
    """Functions, called for an API. All raise NotPermitted, Fault, Throttled, RestoreFailed."""

    async def call(self, door: Door, call: Call) -> Outcome: ...

    def stream(self, door: Door, call: Call) -> ResponseStream: ...

    async def accept(self, door: Door, call: Call) -> None: ...

    async def admit(self, door: Door, call: Call) -> None:
        """Whether the door's role, if it has one, may call it: before `stream`, which does not ask."""
        ...

    def timeout(self, door: Door, arn: str) -> float | None:
        """The function's own time limit in seconds, None when there is no such function."""
        ...


Log = Callable[[Scope, str, str, str], None]
"""A line for a log group and stream."""


@dataclass(slots=True)
class Ports:
    """`verify` tells who has signed a request for a service (raises Fault); `ask` sends a request of an account to
    AWS's services, wherever they are answered; `acting` answers in whose name one is asked by a door (raises
    NotPermitted), `role_may` whether a role may do something (action) with a resource (ARN), `may` whether who signed
    may; `keys` answers the public keys (JWKS) of a user pool; `chance` a number from 0 up to, but not, 1;
    `trace_header` decides whether a request of a stage (its ARN) is recorded, `record` takes its segment; `spawn` runs
    in the background what never raises."""

    resources: Resources
    clock: Clock
    functions: Functions
    verify: Callable[[SiteRequest, str], Signer]
    ask: Callable[[Request], Awaitable[Response]]
    acting: Callable[[Door], Awaitable[Acting]]
    role_may: Callable[[str, str, str, Scope], Awaitable[bool]]
    fetch: Fetch
    keys: Callable[[Scope, str], Awaitable[Mapping[str, Any]]]
    log: Log
    report: Callable[[Finding], None]
    spawn: Callable[[Coroutine[Any, Any, None]], object]
    new_id: Callable[[], str]
    chance: Callable[[], float] = random.random
    trace_header: Callable[[str, str | None, str], str] = lambda _stage, given, _request_id: given or ""
    segment_id: Callable[[], str] = new_span
    record: Callable[[Segment], None] = lambda _segment: None
    may: May = everybody_may
    measure: MeasureTogether = none_measured
    limits: Limits = AWS_2026
    authorizations: AuthorizerCache[Any] = field(default_factory=AuthorizerCache)
    responses: ResponseCache[Any] = field(default_factory=ResponseCache)
    buckets: Buckets = field(default_factory=Buckets)
