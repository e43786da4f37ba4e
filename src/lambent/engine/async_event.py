"""What happens to an asynchronous event: retries, back-off, age, the end.

    WAITING ──START──> RUNNING ──SUCCESS, or no retry left──> DELIVERING ──DELIVERED──> ENDED (at once without targets)
       ^                  │                                        ^
       └──ERROR, THROTTLE, BREAK (KEEP)          DISABLED, LOOP, too old at START

Pure: time is passed in (seconds, the clock of `Attempts`). Sources: developer guide, "How Lambda handles errors and
retries with asynchronous invocation" (invocation-async-error-handling): function errors are retried after one and two
minutes, throttles and system errors after one second at first and five minutes at most, until the event is too old.
Recorded: a maximum age of 60 seconds means no retry at all; with a reserved concurrency of 0 nothing is tried.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from lambent.model.async_event import Attempts, Policy

RETRY_SECONDS = (60.0, 120.0)
BACK_OFF_SECONDS = (1.0, 300.0)
"""The first wait, doubled every time, and the longest."""


class State(enum.Enum):
    """Where an event is."""

    WAITING = "waiting"
    RUNNING = "running"
    DELIVERING = "delivering"
    ENDED = "ended"


class Event(enum.Enum):
    """What happens to it."""

    START = "start"
    SUCCESS = "success"
    ERROR = "error"
    """The function reported an error, timed out or died."""
    THROTTLE = "throttle"
    BREAK = "break"
    """It could not be run for a reason of ours."""
    DISABLED = "disabled"
    """The function's reserved concurrency is 0."""
    LOOP = "loop"
    """The function calls itself, directly or not, and is to be stopped."""
    GONE = "gone"
    """There is no such function, version or alias any more."""
    DELIVERED = "delivered"
    """What had to be sent was sent, or given up."""


class Effect(enum.Enum):
    """What is to be done; `Drop` and `Deliver` say more."""

    INVOKE = "invoke"
    BLOCK = "block"
    """Nothing of this function can run now: all its events wait as long as this one."""
    KEEP = "keep"
    """Write the attempts; try again when they fall due."""
    REMOVE = "remove"


class Condition(enum.Enum):
    """Why an event ended, in the words of AWS's records."""

    SUCCESS = "Success"
    RETRIES = "RetriesExhausted"
    AGE = "EventAgeExceeded"
    ZERO = "ZeroReservedConcurrency"
    LOOP = "RecursiveInvocation"  # not recorded: a word of our own


class Role(enum.Enum):
    """What a target is, by the metric that counts what does not arrive there."""

    DESTINATION = "DestinationDeliveryFailures"
    DEAD_LETTER = "DeadLetterErrors"


class Target(NamedTuple):
    """Where what is known of an event is sent."""

    role: Role
    arn: str


class Drop(NamedTuple):
    """The function did not do what it was asked for: AsyncEventsDropped. `lost` when nobody is told of the event;
    without a condition the function is gone."""

    condition: Condition | None
    lost: bool


class Deliver(NamedTuple):
    """Send to each of `targets`; then DELIVERED."""

    targets: tuple[Target, ...]


class IllegalTransition(Exception):
    """An event that can't happen in that state."""


@dataclass(frozen=True, slots=True)
class Progress:
    """An event's state. `condition` says why it ended, from DELIVERING on."""

    attempts: Attempts
    state: State = State.WAITING
    condition: Condition | None = None


Effects = tuple[Effect | Drop | Deliver, ...]
Step = Callable[[Progress, float, Policy], tuple[Progress, Effects]]


def apply(progress: Progress, event: Event, now: float, policy: Policy) -> tuple[Progress, Effects]:
    """The next state and what to do. Raises IllegalTransition."""
    step = TRANSITIONS.get((progress.state, event))
    if step is None:
        raise IllegalTransition(f"{event.value} while {progress.state.value}")
    return step(progress, now, policy)


def expiry(attempts: Attempts, policy: Policy) -> float:
    """When an event is too old to be tried."""
    return attempts.accepted + policy.max_age


def back_off(waits: int) -> float:
    """Seconds until the next try after `waits` (from 1) that came to nothing."""
    first, longest = BACK_OFF_SECONDS
    return min(first * 2.0 ** min(waits - 1, 30), longest)


def _end(progress: Progress, condition: Condition, policy: Policy) -> tuple[Progress, Effects]:
    told = targets(condition, policy)
    dropped = () if condition is Condition.SUCCESS else (Drop(condition, lost=not told),)
    if not told:
        return replace(progress, state=State.ENDED, condition=condition), (*dropped, Effect.REMOVE)
    return replace(progress, state=State.DELIVERING, condition=condition), (*dropped, Deliver(told))


def targets(condition: Condition, policy: Policy) -> tuple[Target, ...]:
    """Who is told of an end: of a failure both, of a success its destination alone."""
    if condition is Condition.SUCCESS:
        found = [Target(Role.DESTINATION, policy.on_success)]
    else:
        found = [Target(Role.DESTINATION, policy.on_failure), Target(Role.DEAD_LETTER, policy.dead_letter)]
    return tuple(target for target in found if target.arn)


def _start(progress: Progress, now: float, policy: Policy) -> tuple[Progress, Effects]:
    if now >= expiry(progress.attempts, policy):
        return _end(progress, Condition.AGE, policy)
    return replace(progress, state=State.RUNNING), (Effect.INVOKE,)


def _ran(progress: Progress, errors: int) -> Progress:
    attempts = progress.attempts
    counted = replace(attempts, errors=attempts.errors + errors, invocations=attempts.invocations + 1, waits=0)
    return replace(progress, attempts=counted)


def _succeed(progress: Progress, _now: float, policy: Policy) -> tuple[Progress, Effects]:
    return _end(_ran(progress, 0), Condition.SUCCESS, policy)


def _fail(progress: Progress, now: float, policy: Policy) -> tuple[Progress, Effects]:
    ran = _ran(progress, 1)
    errors = ran.attempts.errors
    if errors > policy.retries:
        return _end(ran, Condition.RETRIES, policy)
    due = now + RETRY_SECONDS[min(errors, len(RETRY_SECONDS)) - 1]
    if due >= expiry(ran.attempts, policy):
        return _end(ran, Condition.AGE, policy)
    return _wait(ran, due)


def _hold(progress: Progress, now: float, policy: Policy) -> tuple[Progress, Effects]:
    """Throttles and faults of ours cost no retry; the last try is at the end of the event's age."""
    waits = progress.attempts.waits + 1
    due = min(now + back_off(waits), max(expiry(progress.attempts, policy), now))
    waiting, effects = _wait(replace(progress, attempts=replace(progress.attempts, waits=waits)), due)
    return waiting, (Effect.BLOCK, *effects)


def _wait(progress: Progress, due: float) -> tuple[Progress, Effects]:
    attempts = replace(progress.attempts, due=due)
    return replace(progress, state=State.WAITING, attempts=attempts), (Effect.KEEP,)


def _disable(progress: Progress, _now: float, policy: Policy) -> tuple[Progress, Effects]:
    return _end(progress, Condition.ZERO, policy)


def _stop_loop(progress: Progress, _now: float, policy: Policy) -> tuple[Progress, Effects]:
    return _end(progress, Condition.LOOP, policy)


def _vanish(progress: Progress, _now: float, _policy: Policy) -> tuple[Progress, Effects]:
    return replace(progress, state=State.ENDED), (Drop(None, lost=True), Effect.REMOVE)


def _finish(progress: Progress, _now: float, _policy: Policy) -> tuple[Progress, Effects]:
    return replace(progress, state=State.ENDED), (Effect.REMOVE,)


TRANSITIONS: dict[tuple[State, Event], Step] = {
    (State.WAITING, Event.START): _start,
    (State.WAITING, Event.GONE): _vanish,
    (State.RUNNING, Event.SUCCESS): _succeed,
    (State.RUNNING, Event.ERROR): _fail,
    (State.RUNNING, Event.THROTTLE): _hold,
    (State.RUNNING, Event.BREAK): _hold,
    (State.RUNNING, Event.DISABLED): _disable,
    (State.RUNNING, Event.LOOP): _stop_loop,
    (State.DELIVERING, Event.DELIVERED): _finish,
}
