"""One call of a function, and what came of it."""

from dataclasses import dataclass

from lambent.model.trace import Accepted, Traced


@dataclass(frozen=True, slots=True)
class Invocation:
    """An event on its way to a function. `function_arn` is as the caller named it, with its qualifier if any.

    `accepted` is there when it waited in the queue of events; `links` are the trace headers of the messages that it
    carries; `traced` is there when it is recorded.
    """

    request_id: str
    payload: bytes
    function_arn: str
    trace_id: str
    client_context: str | None = None
    cognito_identity: str | None = None
    accepted: Accepted | None = None
    links: tuple[str, ...] = ()
    traced: Traced | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a function answered.

    `error` is None for a result, else the X-Amz-Function-Error header ("Unhandled"). `log_tail` is the end of the
    invocation's log, at most 4 KB (4,096 bytes).
    """

    payload: bytes
    error: str | None = None
    log_tail: bytes = b""


class RestoreFailed(Exception):
    """The environment could not be restored from its snapshot: a hook failed, or `timed_out`."""

    def __init__(self, timed_out: bool) -> None:
        super().__init__("the snapshot could not be restored")
        self.timed_out = timed_out


class Throttled(Exception):
    """No capacity for one more invocation; `reason` is AWS's word for why.

    `wait` is the seconds after which there may be capacity, 0 where only other invocations' ends can tell.
    """

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait
