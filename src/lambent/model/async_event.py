"""An event that waits for its function, and what is to be done with it.

All times are seconds since 1970 on the platform's clock.
"""

from dataclasses import dataclass

from lambent.model.function import FunctionVersion
from lambent.model.scope import Scope

RETRIES = 2
AGE_SECONDS = 6 * 3600.0
"""Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html"""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What a caller sent; `qualifier` is "" when none was asked for. `kept`: the caller has it on disk until after this
    is accepted."""

    scope: Scope
    function: str
    qualifier: str
    request_id: str
    payload: bytes
    trace_id: str
    client_context: str | None = None
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Attempts:
    """What became of an event so far: when it was accepted and is tried next, how often its function reported an error
    (`errors`), how often in a row it could not be run (`waits`), how often it ran (`invocations`)."""

    accepted: float
    due: float
    errors: int = 0
    waits: int = 0
    invocations: int = 0


@dataclass(frozen=True, slots=True)
class AsyncEvent:
    """One accepted event. `number` finds it and grows with every event; `qualifier` is "" when none was asked for.

    A delivery of the same event a second time, as AWS may make one, is another AsyncEvent of the same request id.
    """

    number: int
    scope: Scope
    function: str
    qualifier: str
    request_id: str
    payload: bytes
    trace_id: str
    client_context: str | None
    attempts: Attempts


@dataclass(frozen=True, slots=True)
class Policy:
    """How often a function error is retried, how old (seconds) an event may become, and who is told of its end: ARNs,
    "" for nobody."""

    retries: int = RETRIES
    max_age: float = AGE_SECONDS
    on_success: str = ""
    on_failure: str = ""
    dead_letter: str = ""


@dataclass(frozen=True, slots=True)
class Handling:
    """How an event is run now, by the settings of its function, version or alias.

    `function` is what runs, `arn` how the caller named it, `record_arn` how records of the invocation do. `ready` is
    whether the function can run, `disabled` whether its reserved concurrency is 0, `stops_loops` whether a recursive
    loop is stopped.
    """

    function: FunctionVersion
    arn: str
    record_arn: str
    policy: Policy = Policy()
    ready: bool = True
    disabled: bool = False
    stops_loops: bool = True
