"""How many batches of a queue run at once.

AWS starts with five, adds 300 a minute while messages wait, up to 1,250 (or MaximumConcurrency), and takes some away
while the function fails; with partial failures switched on, failures change nothing. In provisioned mode the pollers
are between the minimum and the maximum, ten invocations each.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html (5, 300 a minute, 1,250, 2-1,000, "10
concurrent invokes"), https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html (back-off). By how
much AWS scales back is not documented: here, by half for a batch that fails, down to one. Pure; seconds of any one
clock.
"""

from dataclasses import dataclass, replace

START = 5
PER_SECOND = 300 / 60
MOST = 1_250
QUIET_SECONDS = 60.0
"""Seconds without anything waiting after which the scaling starts anew."""
INVOKES_PER_POLLER = 10


@dataclass(frozen=True, slots=True)
class Scaling:
    """`limit` batches may run at once, as of the time `at`; `most` is the cap."""

    limit: float
    at: float
    most: int
    start: float
    busy: bool = False

    @property
    def places(self) -> int:
        """Whole batches that may run at once."""
        return max(int(self.limit), 1)


def begin(now: float, maximum: int | None = None, pollers: tuple[int, int] | None = None) -> Scaling:
    """A mapping that has just been enabled. `maximum` is its MaximumConcurrency, `pollers` its provisioned range."""
    if pollers is not None:
        least, most = pollers
        return Scaling(float(least * INVOKES_PER_POLLER), now, most * INVOKES_PER_POLLER, float(least * 10))
    most = MOST if maximum is None else maximum
    start = float(min(START, most))
    return Scaling(start, now, most, start)


def grow(scaling: Scaling, now: float, waiting: bool) -> Scaling:
    """Time has passed; `waiting`: all places are taken and there is more in the queue."""
    passed = now - scaling.at
    if waiting:
        limit = scaling.limit + passed * PER_SECOND if scaling.busy else scaling.limit
        return replace(scaling, limit=min(limit, float(scaling.most)), at=now, busy=True)
    if scaling.busy:
        return replace(scaling, at=now, busy=False)
    if passed >= QUIET_SECONDS and scaling.limit != scaling.start:
        return replace(scaling, limit=scaling.start, at=now)
    return scaling


def failed(scaling: Scaling) -> Scaling:
    """A batch ended in a function error."""
    return replace(scaling, limit=max(scaling.limit / 2, 1.0))


def succeeded(scaling: Scaling) -> Scaling:
    """A batch was handled: what errors took comes back, a batch at a time."""
    return replace(scaling, limit=min(scaling.limit + 1.0, scaling.start)) if scaling.limit < scaling.start else scaling
