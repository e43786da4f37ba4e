"""One call of a function, and what came of it."""

from collections.abc import Sequence
from typing import NamedTuple

from lambent.model.trace import Accepted, Traced

LOG_TAIL = 4096
"""Bytes (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html, LogType)."""


class Invocation(NamedTuple):
    """An event on its way to a function. `function_arn` is as the caller named it, with its qualifier if any.

    `accepted` is there when it waited in the queue of events; `links` are the trace headers of the messages that it
    carries; `traced` is there when it is recorded.

    A tuple, as what else is made once an invocation: a frozen dataclass takes three times as long.
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


class Outcome(NamedTuple):
    """What a function answered.

    `error` is None for a result, else the X-Amz-Function-Error header ("Unhandled"). `log` are the last messages of the
    invocation's log, more than its tail holds.
    """

    payload: bytes
    error: str | None = None
    log: Sequence[str] = ()

    @property
    def log_tail(self) -> bytes:
        """The last 4 KB of the log as UTF-8, in whole characters, not yet base64."""
        text = "".join(self.log)[-LOG_TAIL:].encode("utf-8", "replace")[-LOG_TAIL:]
        start = 0
        while start < min(len(text), 3) and text[start] & 0xC0 == 0x80:
            start += 1
        return text[start:]


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
