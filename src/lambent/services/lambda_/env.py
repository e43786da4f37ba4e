"""What the operations need from the rest of the server."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation, Outcome
from lambent.model.limits import AWS_2026, Limits
from lambent.model.scope import Caller, Scope
from lambent.store.blobs import Blobs
from lambent.store.functions import Functions
from lambent.store.resources import Resources


class FetchS3(Protocol):
    """Read an object for a caller; raises Fault (see `faults.s3_refused`)."""

    def __call__(self, caller: Caller, bucket: str, key: str, version: str | None) -> Awaitable[bytes]: ...


class Invoker(Protocol):
    """Runs an invocation in an execution environment."""

    async def invoke(self, function: FunctionVersion, invocation: Invocation) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class LambdaEnv:
    """The ports of the Lambda operations.

    `clock` answers seconds since 1970, `new_id` a UUID. `check_runtime` raises Fault for a runtime identifier
    that AWS or this machine does not have. `retire(scope, name)` is told when a function's code or
    configuration changed or the function is gone. `spawn` runs a coroutine in the background, which never
    raises. `code_url` makes a link that downloads the package of a digest. `prepare` makes the machine ready to run a
    function before it turns Active, and raises when it can't. `pause` waits seconds. `architecture` is this machine's,
    in AWS's words.
    """

    functions: Functions
    resources: Resources
    blobs: Blobs
    clock: Callable[[], float]
    new_id: Callable[[], str]
    fetch_s3: FetchS3
    check_runtime: Callable[[str], None]
    retire: Callable[[Scope, str], None]
    spawn: Callable[[Coroutine[Any, Any, None]], object]
    code_url: Callable[[str], str]
    invoker: Invoker
    prepare: Callable[[FunctionVersion], Awaitable[None]]
    pause: Callable[[float], Awaitable[None]]
    limits: Limits = AWS_2026
    architecture: str = "x86_64"
