"""Provisioned concurrency of one version: how many environments to start ahead, and what became of it.

    wanted changes ──> IN_PROGRESS ──all there──> READY      one that ends is replaced
                           └──an Init phase fails──> FAILED  nothing is started until `wanted` changes

What decides; `dispatch.provisioned` carries it out. Source: developer guide, "Configuring provisioned concurrency";
what a failed Init phase makes of it was recorded.
"""

import enum
from collections.abc import Mapping
from typing import NamedTuple

INIT_FAILURE = "FUNCTION_ERROR_INIT_FAILURE"
REPLACE_SECONDS = (1.0, 300.0)
"""Bounds of the wait before an environment is replaced that could not be replaced before."""


class Status(enum.StrEnum):
    """In AWS's words."""

    IN_PROGRESS = "IN_PROGRESS"
    READY = "READY"
    FAILED = "FAILED"


class Event(enum.Enum):
    """What happens to it."""

    STARTED = "started"
    """One more environment is being started."""
    THERE = "there"
    """One of these has initialised."""
    NOT_THERE = "not_there"
    """One of these has failed to."""
    NOT_MADE = "not_made"
    """One of these could not be made, for a reason that is not the function's."""
    WITHDRAWN = "withdrawn"
    """One of these is not wanted any more."""
    LOST = "lost"
    """One that was there has ended, or ends after its invocation."""


class State(NamedTuple):
    """`starting` and `there` count environments; `ready` once there were as many as wanted; `failures` in a row."""

    wanted: int = 0
    starting: int = 0
    there: int = 0
    ready: bool = False
    failed: bool = False
    failures: int = 0

    @property
    def status(self) -> Status:
        """What GetProvisionedConcurrencyConfig says."""
        if self.failed:
            return Status.FAILED
        return Status.READY if self.ready else Status.IN_PROGRESS

    @property
    def missing(self) -> int:
        """How many are still to be started."""
        return 0 if self.failed else max(self.wanted - self.there - self.starting, 0)

    @property
    def surplus(self) -> int:
        """How many are too many."""
        return max(self.there + self.starting - (0 if self.failed else self.wanted), 0)

    @property
    def wait(self) -> float:
        """Seconds before the next one is started."""
        first, longest = REPLACE_SECONDS
        return min(first * 2 ** (self.failures - 1), longest) if self.failures else 0.0


def want(state: State, places: int) -> State:
    """It was asked for anew."""
    return _settled(state._replace(wanted=places, ready=False, failed=False, failures=0))


def apply(state: State, event: Event) -> State:
    """What `event` makes of it."""
    match event:
        case Event.STARTED:
            return state._replace(starting=state.starting + 1)
        case Event.THERE:
            return _settled(state._replace(starting=state.starting - 1, there=state.there + 1, failures=0))
        case Event.NOT_THERE:
            # The first allocation fails for good, as on AWS; what was ready before is tried again.
            rest = apply(state, Event.NOT_MADE)
            return rest if state.ready else rest._replace(failed=True)
        case Event.NOT_MADE:
            return state._replace(starting=state.starting - 1, failures=state.failures + 1)
        case Event.WITHDRAWN:
            return state._replace(starting=state.starting - 1)
        case Event.LOST:
            return state._replace(there=state.there - 1)


def _settled(state: State) -> State:
    return state._replace(ready=state.ready or state.there >= state.wanted)


def split(places: int, main: str, weights: Mapping[str, float]) -> dict[str, int]:
    """The places of an alias by version, as its weights have it; what rounding leaves is the main version's."""
    shares = {version: round(places * weight) for version, weight in weights.items()}
    return {main: places - sum(shares.values()), **shares}
