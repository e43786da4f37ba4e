"""What serving an API needs from the rest of the server."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from lambent.clock import Clock
from lambent.engine.authorizer_cache import AuthorizerCache
from lambent.engine.throttle import Buckets
from lambent.http_events.http_authorizers import Said
from lambent.model.acting import Acting
from lambent.model.credentials import May, Signer, everybody_may
from lambent.model.door import Call, Door
from lambent.model.finding import Finding
from lambent.model.invocation import Outcome
from lambent.model.limits import AWS_2026, Limits
from lambent.model.metric import MeasureTogether, none_measured
from lambent.model.scope import Scope
from lambent.services.web_backends import Fetch
from lambent.store.resources import Resources
from lambent.wire.http import Request, Response
from lambent.wire.site import SiteRequest


class Functions(Protocol):
    """Functions, called for an API. Both raise NotPermitted, Fault, Throttled, RestoreFailed."""

    async def call(self, door: Door, call: Call) -> Outcome: ...

    async def accept(self, door: Door, call: Call) -> None: ...

    def timeout(self, door: Door, arn: str) -> float | None:
        """The function's own time limit in seconds, None when there is no such function."""
        ...


@dataclass(slots=True)
class Ports:
    """`signer` tells who has signed a request, None when nobody has, as it must be; `ask` sends a request of an account
    to AWS's services, wherever they are answered; `acting` answers in whose name one is asked by a door (raises
    NotPermitted); `pool_keys` answers the public keys (JWKS) of a
    user pool; `may` tells whether who signed may do something; `log` writes a line into a log group's stream; `spawn`
    runs in the background what never raises."""

    resources: Resources
    clock: Clock
    functions: Functions
    signer: Callable[[SiteRequest], Signer | None]
    ask: Callable[[Request], Awaitable[Response]]
    acting: Callable[[Door], Awaitable[Acting]]
    fetch: Fetch
    pool_keys: Callable[[Scope, str], Awaitable[Mapping[str, Any]]]
    log: Callable[[Scope, str, str, str], None]
    report: Callable[[Finding], None]
    spawn: Callable[[Coroutine[Any, Any, None]], object]
    new_id: Callable[[], str]
    limits: Limits = AWS_2026
    may: May = everybody_may
    measure: MeasureTogether = none_measured
    authorizations: AuthorizerCache[Said] = field(default_factory=AuthorizerCache)
    buckets: Buckets = field(default_factory=Buckets)
