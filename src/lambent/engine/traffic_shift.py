"""A deployment of a function's version, as CodeDeploy does it: a hook, traffic shifted in steps, another hook.

    BEFORE ──▶ TRAFFIC ──▶ AFTER ──▶ ended: Succeeded
       └───────────┴──────────┴────▶ ended: Failed, Stopped

Pure: times are seconds of the platform's clock, passed in. Sources:
https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html and
https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

HOOK_SECONDS = 3600.0
"""That a hook may take to say how it went."""
ALL_AT_ONCE, CANARY, LINEAR = "AllAtOnce", "TimeBasedCanary", "TimeBasedLinear"


class Phase(StrEnum):
    """What is being done: the name of its lifecycle event."""

    BEFORE = "BeforeAllowTraffic"
    TRAFFIC = "AllowTraffic"
    AFTER = "AfterAllowTraffic"
    ENDED = "Ended"


ORDER = (Phase.BEFORE, Phase.TRAFFIC, Phase.AFTER, Phase.ENDED)


@dataclass(frozen=True, slots=True)
class Plan:
    """How traffic is shifted: `percentage` at first (canary) or each time (linear), `interval` seconds apart. `hooks`
    are functions by the phase that they are."""

    kind: str = ALL_AT_ONCE
    percentage: int = 100
    interval: float = 0.0
    hooks: Mapping[str, str] = field(default_factory=dict)

    def steps(self) -> list[tuple[float, int]]:
        """Seconds after the beginning -> percent of the traffic that the new version has then."""
        if self.kind == CANARY:
            return [(0.0, self.percentage), (self.interval, 100)]
        if self.kind == LINEAR:
            shares = [*range(self.percentage, 100, self.percentage), 100]
            return [(at * self.interval, share) for at, share in enumerate(shares)]
        return [(0.0, 100)]


@dataclass(frozen=True, slots=True)
class Shift:
    """How far a deployment is. `times` are phase -> [beginning, end], `weight` the percent that was shifted last."""

    phase: str = str(Phase.BEFORE)
    times: Mapping[str, list[Any]] = field(default_factory=dict)
    weight: int = 0
    status: str = "InProgress"
    code: str = ""
    message: str = ""
    failed: str = ""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Shift":
        """From what `document` wrote down."""
        return cls(**document)

    def document(self) -> dict[str, Any]:
        """As JSON knows it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Due:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class Said:
    """A hook's function has said how it went; `why` when it could not even be called."""

    phase: str
    good: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """Somebody, or an alarm, wants it to end."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Call:
    """Effect: call a hook's function."""

    phase: str
    function: str


@dataclass(frozen=True, slots=True)
class Weigh:
    """Effect: give the new version that percent of the traffic."""

    percent: int


@dataclass(frozen=True, slots=True)
class Wake:
    """Effect: come back with `Due` at that time."""

    at: float


Event = Due | Said | Stop
Effect = Call | Weigh | Wake
Decision = tuple[Shift, list[Effect]]


def begin(plan: Plan, now: float) -> Decision:
    """The first phase."""
    return _enter(plan, Shift(), Phase.BEFORE, now)


def decide(plan: Plan, shift: Shift, event: Event, now: float) -> Decision:
    """What follows from an event; nothing does when the deployment is over."""
    if shift.phase == Phase.ENDED:
        return shift, []
    if isinstance(event, Stop):
        return _end(shift, "Stopped", event.code, event.message, now), []
    if isinstance(event, Said):
        return _heard(plan, shift, event, now)
    return _traffic(plan, shift, now) if shift.phase == Phase.TRAFFIC else _waited(plan, shift, now)


def _enter(plan: Plan, shift: Shift, phase: Phase, now: float) -> Decision:
    """Begin a phase; one without a hook is over at once."""
    shift = replace(shift, phase=str(phase), times={**shift.times, str(phase): [now, None]})
    if phase is Phase.ENDED:
        return replace(shift, status="Succeeded", times={**shift.times, str(phase): [now, now]}), []
    if phase is Phase.TRAFFIC:
        return _traffic(plan, shift, now)
    function = plan.hooks.get(phase)
    if function is None:
        return _next(plan, shift, now)
    return shift, [Call(str(phase), function), Wake(now + HOOK_SECONDS)]


def _next(plan: Plan, shift: Shift, now: float) -> Decision:
    done = replace(shift, times={**shift.times, shift.phase: [shift.times[shift.phase][0], now]})
    return _enter(plan, done, ORDER[ORDER.index(Phase(shift.phase)) + 1], now)


def _traffic(plan: Plan, shift: Shift, now: float) -> Decision:
    """Shift what is due; after the last step the phase is over."""
    began, steps = shift.times[Phase.TRAFFIC][0], plan.steps()
    weight = max(share for at, share in steps if began + at <= now)
    effects: list[Effect] = [Weigh(weight)] if weight != shift.weight else []
    shift = replace(shift, weight=weight)
    if weight < 100:
        return shift, [*effects, Wake(min(began + at for at, _ in steps if began + at > now))]
    shift, more = _next(plan, shift, now)
    return shift, [*effects, *more]


def _heard(plan: Plan, shift: Shift, said: Said, now: float) -> Decision:
    if said.phase != shift.phase:
        return shift, []
    if said.good:
        return _next(plan, shift, now)
    why = said.why or f"The {said.phase} hook has reported that the validation failed."  # our wording
    return _end(shift, "Failed", "HOOK_EXECUTION_FAILURE", why, now), []


def _waited(plan: Plan, shift: Shift, now: float) -> Decision:
    """A hook that says nothing fails."""
    over = shift.times[shift.phase][0] + HOOK_SECONDS
    if now < over:
        return shift, [Wake(over)]
    why = f"The {shift.phase} hook has not reported its status within one hour."  # our wording
    return _end(shift, "Failed", "TIMEOUT", why, now), []


def fail(shift: Shift, code: str, message: str, now: float) -> Shift:
    """It can't go on, whatever was planned."""
    return _end(shift, "Failed", code, message, now)


def _end(shift: Shift, status: str, code: str, message: str, now: float) -> Shift:
    began = shift.times[shift.phase][0] if shift.phase in shift.times else now
    times = {**shift.times, shift.phase: [began, now], str(Phase.ENDED): [now, now]}
    return replace(
        shift, status=status, code=code, message=message, times=times, failed=shift.phase, phase=str(Phase.ENDED)
    )


def events(shift: Shift) -> list[dict[str, Any]]:
    """The lifecycle events: name, status, and beginning and end where there are any."""
    return [_event(shift, phase) for phase in ORDER[:3]]


def _event(shift: Shift, phase: Phase) -> dict[str, Any]:
    began, over = shift.times.get(phase, (None, None))
    status = "Pending" if began is None else "InProgress" if over is None else "Succeeded"
    if shift.phase == Phase.ENDED and shift.status != "Succeeded":
        status = "Failed" if phase == shift.failed else "Skipped" if began is None else status
    return {"name": str(phase), "status": status, "began": began, "ended": over}
