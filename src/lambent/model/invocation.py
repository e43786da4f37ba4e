"""One call of a function, and what came of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Invocation:
    """An event on its way to a function. `function_arn` is as the caller named it, with its qualifier if any."""

    request_id: str
    payload: bytes
    function_arn: str
    trace_id: str
    client_context: str | None = None
    cognito_identity: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a function answered.

    `error` is None for a result, else the X-Amz-Function-Error header ("Unhandled"). `log_tail` is the end of the
    invocation's log, at most 4 KB (4,096 bytes).
    """

    payload: bytes
    error: str | None = None
    log_tail: bytes = b""


class Throttled(Exception):
    """No capacity for one more invocation; `reason` is AWS's word for why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
