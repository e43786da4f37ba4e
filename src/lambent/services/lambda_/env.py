"""What the operations need from the rest of the server."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from lambent.engine.allocation import State
from lambent.model import trace
from lambent.model.async_event import NewEvent
from lambent.model.event_source import EventSource
from lambent.model.finding import Finding
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation, Outcome
from lambent.model.limits import AWS_2026, Limits
from lambent.model.scope import Caller, Scope
from lambent.services.lambda_.haste import Haste
from lambent.store.blobs import Blobs
from lambent.store.functions import Functions
from lambent.store.record import FunctionRecord
from lambent.store.resources import Resources
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response

SETTLE_SECONDS = 2.0
"""Until what could not be settled (a function, a mapping) is tried again."""


class FetchS3(Protocol):
    """Read an object for a caller; raises Fault (see `faults.s3_refused`)."""

    def __call__(self, caller: Caller, bucket: str, key: str, version: str | None) -> Awaitable[bytes]: ...


Forward = Callable[[Request, Caller, str], Awaitable[Response]]
"""Send a request to another AWS service (botocore's name); raises Fault."""


async def _nobody(request: Request, caller: Caller, service: str) -> Response:
    raise Fault("ServiceException", f"There is no {service} here to ask.", status=500)


class Retire(Protocol):
    """Drain the environments of a function: of one version, or of all."""

    def __call__(self, scope: Scope, name: str, version: str | None = None) -> None: ...


class Ask(Protocol):
    """Call an operation of another service (botocore's name) that speaks JSON, by its X-Amz-Target.

    Answers the HTTP status and the document; raises Fault ServiceUnavailable when the service can't be reached.
    """

    def __call__(
        self, caller: Caller, service: str, target: str, document: Mapping[str, Any]
    ) -> Awaitable[tuple[int, dict[str, Any]]]: ...


class LimitConcurrency(Protocol):
    """Set what a function has reserved (None: nothing) and what its versions have provisioned."""

    def __call__(self, scope: Scope, name: str, reserved: int | None, provisioned: Mapping[str, int]) -> None: ...


class AllocationOf(Protocol):
    """How far the provisioned concurrency of a version is."""

    def __call__(self, scope: Scope, name: str, version: str) -> State: ...


class Withdraw(Protocol):
    """Take back what was reported of a resource and what its ARN begins: one code, or all of it."""

    def __call__(self, resource: str, code: str = "") -> None: ...


class ResponseStream(Protocol):
    """A response while it is written: its parts, then `outcome`. `abandon` when nobody reads it any more."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    @property
    def content_type(self) -> str:
        """Of a response that the runtime streams, "" for any other."""
        ...

    @property
    def outcome(self) -> Outcome: ...

    def abandon(self) -> None: ...


class ReadSources(Protocol):
    """Reads the sources of event source mappings."""

    async def put(self, source: EventSource) -> bool:
        """Read a mapping as it says now; False where nothing reads such sources."""
        ...

    async def remove(self, uuid: str) -> None:
        """Read it no more; come back when its last batch has ended."""
        ...

    async def forget(self, uuid: str) -> None:
        """The mapping is gone, and with it how far it has read. Raises StoreError."""
        ...

    def last_result(self, uuid: str) -> str:
        """What came of the last batch, in AWS's words; "" when nothing reads the mapping."""
        ...


class _NoSources:
    async def put(self, source: EventSource) -> bool:
        return False

    async def remove(self, uuid: str) -> None:
        pass

    async def forget(self, uuid: str) -> None:
        pass

    def last_result(self, uuid: str) -> str:
        return ""


Accept = Callable[[NewEvent], Awaitable[None]]
"""Take an event. Comes back when it is on disk. Raises StoreError: then it is not."""


async def _no_queue(_event: NewEvent) -> None:
    raise Fault("ServiceException", "There is no queue for events here.", status=500)


TraceHeader = Callable[[FunctionVersion, str | None, str], str]
"""The trace header of a request for a function that traces, with what came with it (or None) and the request's id."""


def _undecided(_function: FunctionVersion, given: str | None, request_id: str) -> str:
    """Where nobody decides it."""
    return given or trace.root_of(request_id)


def _not_counted(metric: str, scope: Scope, function: str) -> None:
    """Where nobody keeps metrics."""


class Invoker(Protocol):
    """Runs an invocation in an execution environment."""

    async def invoke(self, function: FunctionVersion, invocation: Invocation) -> Outcome: ...

    def submit(
        self, function: FunctionVersion, invocation: Invocation, answer: Callable[[Outcome | Exception], None]
    ) -> None:
        """The same without waiting: `answer` is called once. Raises Throttled, RestoreFailed."""
        ...

    def stream(self, function: FunctionVersion, invocation: Invocation) -> ResponseStream: ...


@dataclass(frozen=True, slots=True)
class LambdaEnv:
    """The ports of the Lambda operations.

    `clock` answers seconds since 1970, `new_id` a UUID. `check_runtime` raises Fault for a runtime identifier that AWS
    or this machine does not have. `retire(scope, name, version)` is told when a version's code or configuration changed
    or it is gone, without `version` when the function is. `spawn` runs a coroutine in the background, which never
    raises. `code_url` makes a link that downloads the package of a digest. `prepare` makes the machine ready to run a
    function before it turns Active, and raises when it can't. `pause` waits seconds. `report` tells the user what is
    worth knowing (`/_lambent/findings`), `withdraw` takes it back. `ask` calls another service in JSON, `forward` sends
    it any request. `limit_concurrency` makes reservations effective and starts what is provisioned; `allocation` tells
    how far that is. `site_url` is the URL of a host name's first part here. `architecture` is this machine's, in AWS's
    words. `resolve_image` answers the digest (hex SHA-256) that a container image's URI stands for; None where images
    are not run. `accept` takes an asynchronous event, `trace_header` decides what is recorded, `count` a sample of a
    metric; `sources` reads what mappings name. `mounts_files` tells that functions see their file systems. `chance`
    answers a number from 0 up to, but not, 1, for aliases with two versions. `state_delay` is how long, in seconds of
    the platform's clock, a change is under way; `sleep` waits as many. `serving` is what runs meanwhile: the record of
    before, by the deployment of the change. `haste` notices who does not wait. `versions_lock` is held while an alias
    is changed or a version removed, so that no alias points to a version that is not there.
    """

    functions: Functions
    resources: Resources
    blobs: Blobs
    clock: Callable[[], float]
    new_id: Callable[[], str]
    fetch_s3: FetchS3
    check_runtime: Callable[[str], None]
    retire: Retire
    spawn: Callable[[Coroutine[Any, Any, None]], object]
    code_url: Callable[[str], str]
    invoker: Invoker
    prepare: Callable[[FunctionVersion], Awaitable[None]]
    pause: Callable[[float], Awaitable[None]]
    report: Callable[[Finding], None]
    withdraw: Withdraw
    ask: Ask
    limit_concurrency: LimitConcurrency
    allocation: AllocationOf
    site_url: Callable[[str], str]
    limits: Limits = AWS_2026
    architecture: str = "x86_64"
    forward: Forward = _nobody
    accept: Accept = _no_queue
    count: Callable[[str, Scope, str], None] = _not_counted
    trace_header: TraceHeader = _undecided
    sources: ReadSources = field(default_factory=_NoSources)
    mounts_files: bool = False
    resolve_image: Callable[[Caller, str], Awaitable[str]] | None = None
    chance: Callable[[], float] = random.random
    state_delay: float = 0.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    serving: dict[str, FunctionRecord] = field(default_factory=dict)
    haste: Haste = field(default_factory=Haste)
    versions_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
