"""What doors find out about the functions behind them."""

from lambent.model.door import Call
from lambent.model.finding import Finding

TIMED_OUT = "api-gateway-timeout"
OUTLIVES, PAYLOAD = "function-outlives-door", "payload-near-limit"
NEAR = 0.8
"""How much of a limit is close to it."""


def timed_out(call: Call, source_arn: str, status: int, seconds: float, own: float | None) -> Finding:
    """The client has its answer after `seconds`, and the function runs on; `own` is the function's own timeout."""
    its_own = f" (its own timeout is {own:g} s)" if own is not None else ""
    return Finding(
        TIMED_OUT,
        call.function,
        f"{source_arn} answered {status} after {seconds:g} s while the function ran on{its_own}: a client that tries "
        "again makes it do its work twice.",
        "Give the function a shorter timeout than the integration, or take the work in asynchronously.",
    )


def outlives(function: str, source_arn: str, own: float | None, seconds: float) -> Finding | None:
    """What a function is set to that may run longer (`own` seconds) than its door waits: found when that is first asked
    for what is configured, before anybody waits in vain. The same mistake as LIM004 of `lambent check`."""
    if own is None or own < seconds:
        return None
    return Finding(
        OUTLIVES,
        function,
        f"{source_arn} gives up after {seconds:g} s, the function runs for up to {own:g} s: a client gets an error "
        "while the work goes on, and tries again.",
        f"Set its Timeout to less than {seconds:g} s, or answer at once and do the work asynchronously.",
    )


def near(resource: str, what: str, size: int, limit: int) -> Finding | None:
    """A payload (`what`) that is close to what may pass: the next one may not."""
    if size < NEAR * limit or size > limit:
        return None
    return Finding(
        PAYLOAD,
        resource,
        f"{what} had {size} bytes; {limit} are the most.",
        "Hand large data on through S3, or stream the answer.",
    )
