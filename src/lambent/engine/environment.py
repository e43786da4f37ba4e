"""The life of one execution environment, as a table.

What decides lives here; what does (sandbox, Runtime API, log lines) is `dispatch.environment`. An environment is a
`State`; something happens to it (`Event`) at `now` (seconds, any monotonic clock); `apply` answers the next state and
the effects to carry out, in order. An event that the table does not know for a phase is an `IllegalTransition` and
changes nothing.

    INIT      runtime starting; an invocation may be waiting for it. Capped at `INIT_LIMIT`.
    REINIT    runtime starting again inside an invocation ("suppressed init"), under the function's timeout.
    IDLE      runtime waits in GET /next; frozen after `FREEZE_GRACE`.
    FROZEN    the same, and nothing in the environment gets any CPU.
    BUSY      an invocation runs.
    ANSWERED  the runtime has answered and has not asked for the next invocation yet.
    RESET     the runtime is dead, the sandbox with its /tmp is kept: the next invocation starts in REINIT.
    ENDING    everything is being destroyed.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html (phases, 10 s, suppressed
init, reset after a failed invoke keeps /tmp).
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass, replace

INIT_LIMIT = 10.0
"""Seconds that the Init phase of an on-demand environment may take."""
FREEZE_GRACE = 0.005
"""Seconds that an environment stays thawed after an invocation: under load the next one comes sooner."""


class Phase(enum.Enum):
    __hash__ = object.__hash__  # members are singletons; Enum's own hash is a Python call, several an invocation

    INIT = "init"
    REINIT = "reinit"
    IDLE = "idle"
    FROZEN = "frozen"
    BUSY = "busy"
    ANSWERED = "answered"
    RESET = "reset"
    ENDING = "ending"


class Event(enum.Enum):
    __hash__ = object.__hash__

    STARTED = "started"
    """The runtime process was started."""
    FAILED = "failed"
    """The sandbox or the runtime process could not be made: our fault."""
    INVOKE = "invoke"
    """An invocation was placed here."""
    NEXT = "next"
    """The runtime asked for the next invocation."""
    RESPONSE = "response"
    """The runtime answered the invocation: a result or the function's own error."""
    INIT_ERROR = "init_error"
    """The runtime reported that it can't start."""
    EXITED = "exited"
    """The runtime process ended."""
    OUT_OF_MEMORY = "out_of_memory"
    """The runtime process was killed by the memory limit."""
    DEADLINE = "deadline"
    """The armed timer fell due."""
    RETIRE = "retire"
    """No further invocation shall be placed here (new code, idle for long, shutdown)."""


class Effect(enum.Enum):
    __hash__ = object.__hash__

    DELIVER = "deliver"
    """Hand the invocation to the waiting runtime; the START line."""
    ANSWER_RESPONSE = "answer_response"
    ANSWER_TIMEOUT = "answer_timeout"
    ANSWER_INIT_ERROR = "answer_init_error"
    ANSWER_EXIT = "answer_exit"
    ANSWER_GONE = "answer_gone"
    """The environment ends under an invocation for a reason that is ours."""
    REPORT_INIT_FAILURE = "report_init_failure"
    """INIT_REPORT … Status: error."""
    REPORT_INIT_TIMEOUT = "report_init_timeout"
    """INIT_REPORT … Status: timeout."""
    START_RUNTIME = "start_runtime"
    KILL_RUNTIME = "kill_runtime"
    ARM = "arm"
    """Arm the timer for `State.deadline`."""
    DISARM = "disarm"
    OFFER = "offer"
    """Free for the next invocation."""
    SOON = "soon"
    """Answered, and free as soon as the runtime asks: better than a cold start for an invocation that comes now."""
    FREEZE = "freeze"
    THAW = "thaw"
    DESTROY = "destroy"


@dataclass(frozen=True, slots=True)
class State:
    """One environment. Times are seconds on the caller's monotonic clock.

    `timeout` is the timeout of the invocation at hand; `invoked` whether there is one; `init_started` and
    `init_seconds` measure the last Init; `retired` whether it ends after the invocation at hand.
    """

    phase: Phase = Phase.INIT
    invoked: bool = False
    timeout: float = 0.0
    deadline: float = 0.0
    init_started: float = 0.0
    init_seconds: float = 0.0
    retired: bool = False


Effects = tuple[Effect, ...]
Step = tuple[State, Effects]


class IllegalTransition(Exception):
    """`event` can't happen in `phase`."""

    def __init__(self, phase: Phase, event: Event) -> None:
        super().__init__(f"{event.value} in phase {phase.value}")
        self.phase = phase
        self.event = event


def begin() -> Step:
    """A new environment. Its Init phase is timed from the event STARTED: provisioning is not part of it."""
    return State(), (Effect.START_RUNTIME,)


def apply(state: State, event: Event, now: float, timeout: float = 0.0) -> Step:
    """What `event` makes of `state` at `now`; `timeout` (seconds) belongs to INVOKE. Raises IllegalTransition."""
    rule = TABLE.get((state.phase, event))
    if rule is None:
        raise IllegalTransition(state.phase, event)
    return rule(state, now, timeout)


def _in_phase(state: State, phase: Phase, invoked: bool, timeout: float, deadline: float) -> State:
    """`dataclasses.replace`, a third of whose cost it has: three of these happen in every warm invocation."""
    return State(phase, invoked, timeout, deadline, state.init_started, state.init_seconds, state.retired)


def _keep(state: State, now: float, timeout: float) -> Step:
    return state, ()


def _started(state: State, now: float, timeout: float) -> Step:
    return replace(state, init_started=now, deadline=now + INIT_LIMIT), (Effect.ARM,)


def _failed(state: State, now: float, timeout: float) -> Step:
    answer = (Effect.ANSWER_GONE,) if state.invoked else ()
    return _ending(state, (Effect.DISARM, *answer, Effect.DESTROY))


def _wait_for_init(state: State, now: float, timeout: float) -> Step:
    return replace(state, invoked=True, timeout=timeout), ()


def _run(state: State, now: float, timeout: float) -> Step:
    return _in_phase(state, Phase.BUSY, True, timeout, now + timeout), (Effect.DELIVER, Effect.ARM)


def _thaw_and_run(state: State, now: float, timeout: float) -> Step:
    running, effects = _run(state, now, timeout)
    return running, (Effect.THAW, *effects)


def _idle(state: State, now: float) -> Step:
    idle = _in_phase(state, Phase.IDLE, False, state.timeout, now + FREEZE_GRACE)
    return idle, (Effect.ARM, Effect.OFFER)


def _freeze(state: State, now: float, timeout: float) -> Step:
    return replace(state, phase=Phase.FROZEN), (Effect.FREEZE,)


def _initialised(state: State, now: float, timeout: float) -> Step:
    ready = replace(state, init_seconds=now - state.init_started)
    if state.invoked:
        running, effects = _run(ready, now, state.timeout)
        return running, (Effect.DISARM, *effects)
    if state.retired:
        return _end(ready, now, timeout)
    return _idle(ready, now)


def _reinitialised(state: State, now: float, timeout: float) -> Step:
    # The invocation's own timer runs on: a suppressed init is part of the invocation.
    return replace(state, phase=Phase.BUSY, init_seconds=0.0), (Effect.DELIVER,)


def _reinit(state: State, now: float, timeout: float) -> Step:
    again = replace(state, phase=Phase.REINIT, invoked=True, timeout=timeout, deadline=now + timeout, init_started=now)
    return again, (Effect.START_RUNTIME, Effect.ARM)


def _failed_init(report: Effect) -> Callable[[State, float, float], Step]:
    """The Init phase failed: once more inside the invocation that waits, else wait for one."""

    def rule(state: State, now: float, timeout: float) -> Step:
        return _again_or_reset(state, now, (Effect.DISARM, report, Effect.KILL_RUNTIME))

    return rule


def _again_or_reset(state: State, now: float, first: Effects) -> Step:
    """The runtime is lost: it starts again for the invocation that waits, else for the next one."""
    if not state.invoked:
        return _to_reset(state, first)
    again, effects = _reinit(state, now, state.timeout)
    return again, first + effects


def _to_reset(state: State, effects: Effects) -> Step:
    reset = replace(state, phase=Phase.RESET, invoked=False)
    if state.retired:
        return replace(reset, phase=Phase.ENDING), (*effects, Effect.DESTROY)
    return reset, (*effects, Effect.OFFER)


def _answer_and_reset(answer: Effect) -> Callable[[State, float, float], Step]:
    def rule(state: State, now: float, timeout: float) -> Step:
        return _to_reset(state, (Effect.DISARM, Effect.KILL_RUNTIME, answer))

    return rule


def _answered(state: State, now: float, timeout: float) -> Step:
    after = _in_phase(state, Phase.ANSWERED, False, state.timeout, state.deadline)
    return after, (Effect.ANSWER_RESPONSE,) if state.retired else (Effect.SOON, Effect.ANSWER_RESPONSE)


def _wait_for_next(state: State, now: float, timeout: float) -> Step:
    # The timer stays that of the invocation before: it bounds how long the runtime may take to ask.
    return _in_phase(state, Phase.ANSWERED, True, timeout, state.deadline), ()


def _idle_again(state: State, now: float, timeout: float) -> Step:
    if state.invoked:
        running, effects = _run(state, now, state.timeout)
        return running, (Effect.DISARM, *effects)
    if state.retired:
        return _end(state, now, timeout)
    return _idle(state, now)


def _lost_after_answer(state: State, now: float, timeout: float) -> Step:
    return _again_or_reset(state, now, (Effect.DISARM, Effect.KILL_RUNTIME))


def _idle_exit(state: State, now: float, timeout: float) -> Step:
    # A frozen runtime can't exit on AWS; one that does is started again by the next invocation.
    return replace(state, phase=Phase.RESET), (Effect.KILL_RUNTIME,)


def _out_of_memory(state: State, now: float, timeout: float) -> Step:
    answer = (Effect.ANSWER_EXIT,) if state.invoked else ()
    return _ending(state, (Effect.DISARM, *answer, Effect.DESTROY))


def _retire_later(state: State, now: float, timeout: float) -> Step:
    return replace(state, retired=True), ()


def _end(state: State, now: float, timeout: float) -> Step:
    return _ending(state, (Effect.DISARM, Effect.DESTROY))


def _ending(state: State, effects: Effects) -> Step:
    return replace(state, phase=Phase.ENDING, invoked=False), effects


Rule = Callable[[State, float, float], Step]

TABLE: dict[tuple[Phase, Event], Rule] = {
    (Phase.INIT, Event.STARTED): _started,
    (Phase.INIT, Event.FAILED): _failed,
    (Phase.INIT, Event.INVOKE): _wait_for_init,
    (Phase.INIT, Event.NEXT): _initialised,
    (Phase.INIT, Event.INIT_ERROR): _failed_init(Effect.REPORT_INIT_FAILURE),
    (Phase.INIT, Event.EXITED): _failed_init(Effect.REPORT_INIT_FAILURE),
    (Phase.INIT, Event.OUT_OF_MEMORY): _out_of_memory,
    (Phase.INIT, Event.DEADLINE): _failed_init(Effect.REPORT_INIT_TIMEOUT),
    (Phase.INIT, Event.RETIRE): _retire_later,
    (Phase.REINIT, Event.STARTED): _keep,
    (Phase.REINIT, Event.FAILED): _failed,
    (Phase.REINIT, Event.NEXT): _reinitialised,
    (Phase.REINIT, Event.INIT_ERROR): _answer_and_reset(Effect.ANSWER_INIT_ERROR),
    (Phase.REINIT, Event.EXITED): _answer_and_reset(Effect.ANSWER_EXIT),
    (Phase.REINIT, Event.OUT_OF_MEMORY): _out_of_memory,
    (Phase.REINIT, Event.DEADLINE): _answer_and_reset(Effect.ANSWER_TIMEOUT),
    (Phase.REINIT, Event.RETIRE): _retire_later,
    (Phase.IDLE, Event.INVOKE): _run,
    (Phase.IDLE, Event.EXITED): _idle_exit,
    (Phase.IDLE, Event.OUT_OF_MEMORY): _out_of_memory,
    (Phase.IDLE, Event.DEADLINE): _freeze,
    (Phase.IDLE, Event.RETIRE): _end,
    (Phase.FROZEN, Event.INVOKE): _thaw_and_run,
    (Phase.FROZEN, Event.EXITED): _idle_exit,
    (Phase.FROZEN, Event.OUT_OF_MEMORY): _out_of_memory,
    (Phase.FROZEN, Event.RETIRE): _end,
    (Phase.BUSY, Event.RESPONSE): _answered,
    (Phase.BUSY, Event.NEXT): _answer_and_reset(Effect.ANSWER_EXIT),
    (Phase.BUSY, Event.INIT_ERROR): _answer_and_reset(Effect.ANSWER_INIT_ERROR),
    (Phase.BUSY, Event.EXITED): _answer_and_reset(Effect.ANSWER_EXIT),
    (Phase.BUSY, Event.OUT_OF_MEMORY): _out_of_memory,
    (Phase.BUSY, Event.DEADLINE): _answer_and_reset(Effect.ANSWER_TIMEOUT),
    (Phase.BUSY, Event.RETIRE): _retire_later,
    (Phase.ANSWERED, Event.INVOKE): _wait_for_next,
    (Phase.ANSWERED, Event.NEXT): _idle_again,
    (Phase.ANSWERED, Event.EXITED): _lost_after_answer,
    (Phase.ANSWERED, Event.OUT_OF_MEMORY): _out_of_memory,
    (Phase.ANSWERED, Event.DEADLINE): _lost_after_answer,
    (Phase.ANSWERED, Event.RETIRE): _retire_later,
    (Phase.RESET, Event.INVOKE): _reinit,
    (Phase.RESET, Event.STARTED): _keep,
    (Phase.RESET, Event.DEADLINE): _keep,
    (Phase.RESET, Event.EXITED): _keep,
    (Phase.RESET, Event.RETIRE): _end,
    (Phase.ENDING, Event.STARTED): _keep,
    (Phase.ENDING, Event.FAILED): _keep,
    (Phase.ENDING, Event.EXITED): _keep,
    (Phase.ENDING, Event.OUT_OF_MEMORY): _keep,
    (Phase.ENDING, Event.RETIRE): _keep,
    (Phase.ENDING, Event.DEADLINE): _keep,
}
