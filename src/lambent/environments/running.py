"""The invocation at hand of an execution environment."""

from collections.abc import Callable
from dataclasses import dataclass

from lambent.model.invocation import Invocation, Outcome
from lambent.runtime_api.server import Sink

Answer = Callable[[Outcome | Exception], None]


class EnvironmentFailed(Exception):
    """The environment could not be made or was lost for a reason that is ours, not the function's."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """`monotonic` for durations, `wall` for timestamps; both in seconds."""

    monotonic: Callable[[], float]
    wall: Callable[[], float]


@dataclass(slots=True)
class Running:
    """`answer` is called once with what came of it, `over` once when it has ended: before the answer, or when its
    extensions are done, too. `waited` tells that an Init phase ended while it waited for it; times are on the
    monotonic clock, 0 for not yet."""

    invocation: Invocation
    answer: Answer
    over: Callable[[], None]
    sink: Sink | None = None
    started: float = 0.0
    responded: float = 0.0
    produced: int = 0
    failed: bool = False
    waited: bool = False
