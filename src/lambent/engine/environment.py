"""The life of one execution environment, as a table.

What decides lives here; what does (sandbox, Runtime API, log lines) is `environments.environment`. An environment is a
`State`; something happens to it (`Event`) at `now` (seconds, any monotonic clock); `apply` answers the next state and
the effects to carry out, in order. An event that the table does not know for a phase is an `IllegalTransition` and
changes nothing.

    INIT              the sandbox is made, the runtime starts; an invocation may be waiting. Capped by `init_limit`.
    EXTENSION_INIT    external extensions start; the runtime is started when all have registered. Part of Init.
    RESTORE           the runtime goes on from a snapshot: its hooks run, capped by `RESTORE_LIMIT`.
    REINIT            starting again inside an invocation ("suppressed init"), under the function's timeout.
    EXTENSION_REINIT  the same, while external extensions start.
    IDLE              the runtime waits in GET /next, extensions in GET /event/next; frozen after `freeze_after_ms`.
    FROZEN            the same, and nothing in the environment gets any CPU.
    BUSY              an invocation runs.
    ANSWERED          the runtime has answered; it or an extension has not asked for the next event yet.
    STOPPING          the Shutdown phase, first part: the runtime has its SIGTERM.
    LEAVING           the Shutdown phase, second part: extensions have their Shutdown event.
    RESET             nothing runs, the sandbox with its /tmp is kept: the next invocation starts in REINIT.
    ENDING            everything is being destroyed.

Extensions are one party here, a `Crew`: who they are and which of them has said next is `runtime_api.extensions`.
`docs/lifecycle.md` is made from `TABLE` (`python -m tools.lifecycle`).

Sources: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html (phases, 10 s, suppressed init,
reset, Shutdown), https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html (who is waited for, the
runtime's share of the Shutdown phase); the order of a shutdown is that of AWS's open-source Runtime Interface Emulator.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

INIT_LIMIT = 10.0
"""Seconds that the Init phase of an on-demand environment may take."""
RESTORE_LIMIT = 10.0
"""Seconds that loading a snapshot and its after-restore hooks may take
(https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks.html)."""
LONG_INIT_LIMIT = 130.0
"""The least limit, in seconds, of environments that are initialised ahead of their invocations."""
FREEZE_GRACE = 0.005
"""Seconds that an environment stays thawed after an invocation: under load the next one comes sooner."""
NEVER = float("inf")
"""The grace of an environment that is not frozen at all."""


class Phase(enum.Enum):
    __hash__ = object.__hash__  # members are singletons; Enum's own hash is a Python call, several an invocation

    INIT = "init"
    EXTENSION_INIT = "extension_init"
    RESTORE = "restore"
    REINIT = "reinit"
    EXTENSION_REINIT = "extension_reinit"
    IDLE = "idle"
    FROZEN = "frozen"
    BUSY = "busy"
    ANSWERED = "answered"
    STOPPING = "stopping"
    LEAVING = "leaving"
    RESET = "reset"
    ENDING = "ending"


class Event(enum.Enum):
    __hash__ = object.__hash__

    STARTED = "started"
    """The sandbox stands ready; which external extensions it holds is known (`crew`)."""
    RESTORING = "restoring"
    """The sandbox stands ready and was forked from a snapshot."""
    FAILED = "failed"
    """The sandbox or the runtime process could not be made: our fault. Or the environment is given up."""
    REGISTERED = "registered"
    """Every external extension has registered (`crew`)."""
    JOINED = "joined"
    """An internal extension has registered, from inside the runtime (`crew`)."""
    INVOKE = "invoke"
    """An invocation was placed here."""
    NEXT = "next"
    """The runtime asked for the next invocation."""
    READY = "ready"
    """Every extension that has to has asked for the next event."""
    RESPONSE = "response"
    """The runtime answered the invocation: a result or the function's own error."""
    INIT_ERROR = "init_error"
    """The runtime reported that it can't start."""
    EXITED = "exited"
    """The runtime process ended."""
    LOST = "lost"
    """The whole sandbox was ended from outside, and nothing of the invocation has run: its event was not read."""
    EXTENSION_FAILED = "extension_failed"
    """An extension could not be started, or its process ended."""
    EXTENSIONS_GONE = "extensions_gone"
    """No extension's process is left."""
    OUT_OF_MEMORY = "out_of_memory"
    """The runtime process was killed by the memory limit."""
    DEADLINE = "deadline"
    """The armed timer fell due."""
    RETIRE = "retire"
    """No further invocation shall be placed here (new code, idle for long, shutdown)."""


class Effect(enum.Enum):
    """What is to be done and needs no more than the state; `Answer`, `Report` and `ReportInit` carry what they need."""

    __hash__ = object.__hash__

    DELIVER = "deliver"
    """Hand the invocation to the waiting runtime, its event to the extensions that asked for it; the START line."""
    PREPARE = "prepare"
    """Make the sandbox, or wait until nothing runs any more in the one there is; then STARTED."""
    START_EXTENSIONS = "start_extensions"
    START_RUNTIME = "start_runtime"
    TERMINATE_RUNTIME = "terminate_runtime"
    """SIGTERM."""
    KILL_RUNTIME = "kill_runtime"
    """SIGKILL to the runtime alone."""
    SHUTDOWN_EXTENSIONS = "shutdown_extensions"
    """The Shutdown event to the extensions that asked for it, SIGKILL to the others."""
    KILL_ALL = "kill_all"
    """SIGKILL to everything that runs in the sandbox; the conversations with it are forgotten."""
    ARM = "arm"
    """Arm the timer for `State.deadline`."""
    DISARM = "disarm"
    OFFER = "offer"
    """Free for the next invocation."""
    SOON = "soon"
    """Answered, and free as soon as the runtime asks: better than a cold start for an invocation that comes now."""
    WITHDRAW = "withdraw"
    """Not free any more."""
    FREEZE = "freeze"
    THAW = "thaw"
    DESTROY = "destroy"


class Reason(enum.Enum):
    """Why there is a Shutdown phase, as extensions are told."""

    SPINDOWN = "spindown"
    TIMEOUT = "timeout"
    FAILURE = "failure"


class Cause(enum.Enum):
    """Why an invocation ends as it does."""

    RESPONSE = "response"
    """The runtime answered: a result or the function's own error."""
    TIMEOUT = "timeout"
    INIT_ERROR = "init_error"
    EXIT = "exit"
    EXTENSION = "extension"
    """An extension failed under it."""
    RESTORE_ERROR = "restore_error"
    RESTORE_TIMEOUT = "restore_timeout"
    GONE = "gone"
    """The environment ends under it for a reason that is ours."""


class Stage(enum.Enum):
    """What kind of Init phase has ended."""

    INIT = "init"
    REINIT = "reinit"
    RESTORE = "restore"


class Status(enum.Enum):
    """How an Init phase has ended, as its report says it."""

    SUCCESS = "success"
    ERROR = "error"
    TIMEOUT = "timeout"


class Response(NamedTuple):
    """What the runtime answered; `error` is "Unhandled" when it is the function's error."""

    payload: bytes
    error: str | None = None


class Failure(NamedTuple):
    """Why a runtime or an extension did not start or did not go on.

    `payload` is what the caller gets, where the runtime said it; `line` what the function's log says of it. `code` or
    `signal` is how a process ended.
    """

    error_type: str = ""
    payload: bytes = b""
    line: str = ""
    code: int | None = None
    signal: int | None = None
    out_of_memory: bool = False


class Answer(NamedTuple):
    """What came of the invocation, to who waits for it, and its END and REPORT lines.

    `said` is what the event told: a Response, a Failure, or for GONE an exception if there is one. With `early`,
    extensions still work on the invocation: its lines come later, by a `Report`.
    """

    cause: Cause
    said: Any = None
    early: bool = False


class Report(NamedTuple):
    """END and REPORT of an invocation that was answered early."""

    cause: Cause
    said: Any = None


class ReportInit(NamedTuple):
    """An Init phase has ended: its lines, with those of its extensions."""

    stage: Stage
    status: Status = Status.SUCCESS
    said: Any = None


@dataclass(frozen=True, slots=True)
class Crew:
    """What the engine has to know of an environment's extensions.

    `invoked`: at least one is told of invocations, and waited for at their end.
    """

    external: bool = False
    internal: bool = False
    invoked: bool = False

    @property
    def shutdown_seconds(self) -> float:
        """How long the Shutdown phase may take."""
        return 2.0 if self.external else 0.5 if self.internal else 0.0

    @property
    def runtime_seconds(self) -> float:
        """The runtime's share of it."""
        return 0.3 if self.external else self.shutdown_seconds


REASONS = {Status.ERROR: Reason.FAILURE, Status.TIMEOUT: Reason.TIMEOUT}
"""What extensions are told of an Init phase that failed."""

ALONE = Crew()
"""No extensions."""


class State(NamedTuple):
    """One environment; a tuple, because three are made in every warm invocation.

    Times are seconds on the caller's monotonic clock. `timeout` is the timeout of the invocation at hand; `invoked`
    whether there is one; `began` is the time from which it counts. `init_started` is when the last Init or Restore
    began, `init_seconds` how long it took, well or not. `retired` tells whether it ends after the invocation at hand;
    `grace` is how long it stays thawed. `runtime_ready` and `extensions_ready` tell who has said next in this phase,
    `reason` is that of the last Shutdown phase.
    """

    phase: Phase = Phase.INIT
    invoked: bool = False
    timeout: float = 0.0
    deadline: float = 0.0
    began: float = 0.0
    init_started: float = 0.0
    init_seconds: float = 0.0
    retired: bool = False
    crew: Crew = ALONE
    runtime_ready: bool = False
    extensions_ready: bool = True
    init_limit: float = INIT_LIMIT
    reason: Reason = Reason.SPINDOWN
    grace: float = FREEZE_GRACE


Effects = tuple[Effect | Answer | Report | ReportInit, ...]
Step = tuple[State, Effects]


class IllegalTransition(Exception):
    """`event` can't happen in `phase`."""

    def __init__(self, phase: Phase, event: Event) -> None:
        super().__init__(f"{event.value} in phase {phase.value}")
        self.phase = phase
        self.event = event


def begin(init_limit: float = INIT_LIMIT, grace: float = FREEZE_GRACE) -> Step:
    """A new environment. Its Init phase is timed from the event STARTED: provisioning is not part of it."""
    return State(init_limit=init_limit, grace=grace), (Effect.PREPARE,)


def init_limit(initialization_type: str, timeout: float) -> float:
    """Seconds that an Init phase may take; provisioned environments and snapshots are exempt from the 10 s."""
    return INIT_LIMIT if initialization_type == "on-demand" else max(LONG_INIT_LIMIT, timeout)


def apply(state: State, event: Event, now: float, said: Any = None, crew: Crew | None = None) -> Step:
    """What `event` makes of `state` at `now`. Raises IllegalTransition.

    `said` is what the event tells: INVOKE its timeout (seconds), RESPONSE a Response, what fails a Failure; it goes on
    to the effect that needs it. `crew` belongs to STARTED, REGISTERED and JOINED.
    """
    rule = TABLE.get((state.phase, event))
    if rule is None:
        raise IllegalTransition(state.phase, event)
    if crew is not None:
        state = state._replace(crew=crew)
    return rule(state, now, said)


def _in_phase(state: State, phase: Phase, invoked: bool, timeout: float, deadline: float, began: float) -> State:
    """`_replace` of what every phase has of its own, at a third of the cost."""
    crew = state.crew
    return State(
        phase, invoked, timeout, deadline, began, state.init_started, state.init_seconds, state.retired,
        crew, False, not crew.invoked, state.init_limit, state.reason, state.grace,
    )  # fmt: skip


def _keep(state: State, now: float, said: Any) -> Step:
    return state, ()


# --- Init


def _started(state: State, now: float, said: Any) -> Step:
    limited = state._replace(began=now, init_started=now, deadline=now + state.init_limit)
    begun, effects = _begin_init(limited, Phase.EXTENSION_INIT)
    return begun, (Effect.ARM, *effects)


def _restoring(state: State, now: float, said: Any) -> Step:
    limited = state._replace(phase=Phase.RESTORE, began=now, init_started=now, deadline=now + RESTORE_LIMIT)
    return limited, (Effect.ARM, Effect.START_RUNTIME)


def _measured(state: State, now: float) -> State:
    """The Init phase is over."""
    return state._replace(init_seconds=now - state.init_started)


def _failed_restore(status: Status, cause: Cause) -> "Rule":
    """A snapshot that can't be restored is the caller's answer; nothing of the environment is used again."""

    def rule(state: State, now: float, said: Any) -> Step:
        answers = (Answer(cause),) if state.invoked else ()
        report = ReportInit(Stage.RESTORE, status, said)
        return _ending(_measured(state, now), (Effect.DISARM, report, *answers, Effect.DESTROY))

    return rule


def _started_again(state: State, now: float, said: Any) -> Step:
    # The invocation's own timer runs on: a suppressed init is part of the invocation.
    return _begin_init(state._replace(init_started=now), Phase.EXTENSION_REINIT)


def _begin_init(state: State, with_extensions: Phase) -> Step:
    if state.crew.external:
        return state._replace(phase=with_extensions, extensions_ready=False), (Effect.START_EXTENSIONS,)
    return state, (Effect.START_RUNTIME,)


def _prepare_again(state: State, now: float, said: Any) -> Step:
    """Its sandbox is gone, none of which is the function's doing: whoever waits goes on waiting, for another one."""
    if state.retired and not state.invoked:
        return _ending(state, (Effect.DISARM, Effect.KILL_ALL, Effect.DESTROY))
    again = state._replace(phase=Phase.INIT, crew=ALONE, runtime_ready=False, extensions_ready=True, init_started=now)
    return again, (Effect.DISARM, Effect.KILL_ALL, Effect.PREPARE)


def _prepare_again_inside(state: State, now: float, said: Any) -> Step:
    again = state._replace(phase=Phase.REINIT, crew=ALONE, runtime_ready=False, extensions_ready=True, init_started=now)
    return again, (Effect.KILL_ALL, Effect.PREPARE)


def _registered(phase: Phase) -> "Rule":
    def rule(state: State, now: float, said: Any) -> Step:
        return state._replace(phase=phase), (Effect.START_RUNTIME,)

    return rule


def _joined(state: State, now: float, said: Any) -> Step:
    return state._replace(extensions_ready=False), ()


def _failed(state: State, now: float, said: Any) -> Step:
    answer = (Answer(Cause.GONE, said),) if state.invoked else ()
    return _ending(state, (Effect.DISARM, *answer, Effect.DESTROY))


def _wait_for_init(state: State, now: float, timeout: float) -> Step:
    return state._replace(invoked=True, timeout=timeout, began=now), ()


def _initialised(stage: Stage) -> "Rule":
    report = ReportInit(stage)

    def rule(state: State, now: float, said: Any) -> Step:
        ready = _measured(state, now)
        if state.invoked:
            running, effects = _run(ready, now, state.timeout)
            return running, (Effect.DISARM, report, *effects)
        ended, effects = _end(ready, now, said) if state.retired else _idle(ready, now)
        return ended, (report, *effects)

    return rule


def _reinitialised(state: State, now: float, said: Any) -> Step:
    busy = _in_phase(_measured(state, now), Phase.BUSY, True, state.timeout, state.deadline, state.began)
    return busy, (ReportInit(Stage.REINIT), Effect.DELIVER)


def _failed_init(status: Status, runtime: bool = True) -> "Rule":
    """The Init phase failed: once more inside the invocation that waits, else wait for one."""

    def rule(state: State, now: float, said: Any) -> Step:
        report = ReportInit(Stage.INIT, status, said)
        return _stop(_measured(state, now), now, REASONS[status], (Effect.DISARM, report), runtime)

    return rule


def _failed_reinit(status: Status, cause: Cause, runtime: bool = True) -> "Rule":
    """The second attempt failed as well: that is the invocation's answer."""

    def rule(state: State, now: float, said: Any) -> Step:
        failed = _measured(state, now)._replace(invoked=False)
        report = ReportInit(Stage.REINIT, status, said)
        return _stop(failed, now, REASONS[status], (Effect.DISARM, report), runtime, Answer(cause, said))

    return rule


def _reinit(state: State, now: float, timeout: float) -> Step:
    again = state._replace(
        phase=Phase.REINIT,
        invoked=True,
        timeout=timeout,
        deadline=now + timeout,
        began=now,
        init_started=now,
        runtime_ready=False,
        extensions_ready=True,
        crew=ALONE,
    )
    return again, (Effect.PREPARE, Effect.ARM)


# --- Invoke


def _run(state: State, now: float, timeout: float) -> Step:
    return _in_phase(state, Phase.BUSY, True, timeout, now + timeout, now), (Effect.DELIVER, Effect.ARM)


def _thaw_and_run(state: State, now: float, timeout: float) -> Step:
    running, effects = _run(state, now, timeout)
    return running, (Effect.THAW, *effects)


def _answered(state: State, now: float, said: Any) -> Step:
    if state.crew.invoked:
        return state._replace(phase=Phase.ANSWERED, invoked=False), (Answer(Cause.RESPONSE, said, early=True),)
    after = _in_phase(state, Phase.ANSWERED, False, state.timeout, state.deadline, state.began)
    answer = Answer(Cause.RESPONSE, said)
    return after, (answer,) if state.retired else (Effect.SOON, answer)


def _answer_and_reset(cause: Cause, reason: Reason = Reason.FAILURE, runtime: bool = True) -> "Rule":
    def rule(state: State, now: float, said: Any) -> Step:
        answer = Answer(cause, said)
        return _stop(state._replace(invoked=False), now, reason, (Effect.DISARM,), runtime, answer)

    return rule


def _run_elsewhere(state: State, now: float, said: Any) -> Step:
    return _stopped(state, now, (Effect.DISARM, Effect.KILL_ALL))


def _wait_for_next(state: State, now: float, timeout: float) -> Step:
    # The timer stays that of the invocation before: it bounds how long the runtime may take to ask.
    if state.crew.invoked:
        raise IllegalTransition(state.phase, Event.INVOKE)  # it was not offered
    return _in_phase(state, Phase.ANSWERED, True, timeout, state.deadline, now), ()


def _lost_after_answer(cause: Cause, reason: Reason, runtime: bool = True) -> "Rule":
    """Somebody did not come back for the next event; the caller has his answer already."""

    def rule(state: State, now: float, said: Any) -> Step:
        line = (Report(cause, said),) if state.crew.invoked else ()
        return _stop(state, now, reason, (Effect.DISARM, *line), runtime)

    return rule


def _idle_again(state: State, now: float, said: Any) -> Step:
    report = (Report(Cause.RESPONSE),) if state.crew.invoked else ()
    if state.invoked:
        running, effects = _run(state, now, state.timeout)
        return running, (Effect.DISARM, *effects)
    if state.retired:
        ended, effects = _end(state, now, said)
    else:
        ended, effects = _idle(state, now)
    return ended, (*report, *effects) if report else effects


def _idle(state: State, now: float) -> Step:
    idle = _in_phase(state, Phase.IDLE, False, state.timeout, now + state.grace, state.began)
    return idle, (Effect.ARM if state.grace < NEVER else Effect.DISARM, Effect.OFFER)


def _freeze(state: State, now: float, said: Any) -> Step:
    return state._replace(phase=Phase.FROZEN), (Effect.FREEZE,)


def _runtime_next(done: "Rule") -> "Rule":
    """The runtime has said next: the phase is done when the extensions have, too."""

    def rule(state: State, now: float, said: Any) -> Step:
        if state.extensions_ready:
            return done(state, now, said)
        return state._replace(runtime_ready=True), ()

    return rule


def _extensions_next(done: "Rule") -> "Rule":
    """The extensions have said next: the phase is done when the runtime has, too."""

    def rule(state: State, now: float, said: Any) -> Step:
        if state.runtime_ready:
            return done(state, now, said)
        return state._replace(extensions_ready=True), ()

    return rule


def _not_yet(state: State, now: float, said: Any) -> Step:
    return state._replace(extensions_ready=True), ()


# --- Shutdown


def _stop(
    state: State, now: float, reason: Reason, first: Effects, runtime: bool = True, answer: Answer | None = None
) -> Step:
    """Stop everything that runs, as the crew has it; `runtime` tells whether that runs. Then `_stopped`."""
    crew = state.crew
    answers = () if answer is None else (answer,)
    if crew is ALONE or not (runtime or crew.external):
        return _stopped(state, now, (*first, Effect.KILL_ALL, *answers))
    if runtime:
        stopping = state._replace(phase=Phase.STOPPING, deadline=now + crew.runtime_seconds, reason=reason)
        return stopping, (*first, *answers, Effect.TERMINATE_RUNTIME, Effect.ARM)
    leaving = state._replace(phase=Phase.LEAVING, deadline=now + crew.shutdown_seconds, reason=reason)
    return leaving, (*first, *answers, Effect.SHUTDOWN_EXTENSIONS, Effect.ARM)


def _runtime_stopped(*first: Effect) -> "Rule":
    def rule(state: State, now: float, said: Any) -> Step:
        crew = state.crew
        if not crew.external:
            return _stopped(state, now, (Effect.DISARM, Effect.KILL_ALL))
        deadline = state.deadline - crew.runtime_seconds + crew.shutdown_seconds
        leaving = state._replace(phase=Phase.LEAVING, deadline=deadline)
        return leaving, (*first, Effect.SHUTDOWN_EXTENSIONS, Effect.ARM)

    return rule


def _all_stopped(state: State, now: float, said: Any) -> Step:
    return _stopped(state, now, (Effect.DISARM, Effect.KILL_ALL))


def _stopped(state: State, now: float, effects: Effects) -> Step:
    """Nothing runs any more: start again for the invocation that waits, else end, else wait for one."""
    if state.invoked:
        again, more = _reinit(state, now, state.timeout)
        return again, effects + more
    if state.retired:
        return _ending(state, (*effects, Effect.DESTROY))
    return state._replace(phase=Phase.RESET, crew=ALONE, runtime_ready=False), (*effects, Effect.OFFER)


def _invoke_while_stopping(state: State, now: float, timeout: float) -> Step:
    if state.invoked or state.retired:
        raise IllegalTransition(state.phase, Event.INVOKE)
    return state._replace(invoked=True, timeout=timeout, began=now), ()


def _lost_while_idle(runtime: bool) -> "Rule":
    # What is frozen can't exit on AWS; what does is started again by the next invocation, which may come meanwhile.
    def rule(state: State, now: float, said: Any) -> Step:
        return _stop(state, now, Reason.FAILURE, (Effect.DISARM,), runtime)

    return rule


def _out_of_memory(state: State, now: float, said: Any) -> Step:
    answer = (Answer(Cause.EXIT, said),) if state.invoked else ()
    report = (Report(Cause.EXIT, said),) if state.phase is Phase.ANSWERED and state.crew.invoked else ()
    ended = state._replace(invoked=False, retired=True)
    return _end_without_runtime(ended, now, (Effect.DISARM, *answer, *report))


def _out_of_memory_after_answer(state: State, now: float, said: Any) -> Step:
    """The invocation that was placed meanwhile took no part in it: it gets a new start here, the last one."""
    if not state.invoked:
        return _out_of_memory(state, now, said)
    return _stop(state._replace(retired=True), now, Reason.FAILURE, (Effect.DISARM,), runtime=False)


def _init_out_of_memory(stage: Stage) -> "Rule":
    def rule(state: State, now: float, said: Any) -> Step:
        answer = (Answer(Cause.EXIT, said),) if state.invoked else ()
        report = ReportInit(stage, Status.ERROR, said)
        ended = _measured(state, now)._replace(invoked=False, retired=True)
        return _end_without_runtime(ended, now, (Effect.DISARM, report, *answer))

    return rule


def _end_without_runtime(state: State, now: float, first: Effects) -> Step:
    if state.crew.external:
        return _stop(state, now, Reason.FAILURE, (*first, Effect.WITHDRAW), runtime=False)
    return _ending(state, (*first, Effect.DESTROY))


def _retire_later(state: State, now: float, said: Any) -> Step:
    return state._replace(retired=True), ()


def _retire_stopping(state: State, now: float, said: Any) -> Step:
    return state._replace(retired=True), () if state.invoked else (Effect.WITHDRAW,)


def _end(state: State, now: float, said: Any) -> Step:
    if state.crew is ALONE:
        return _ending(state, (Effect.DISARM, Effect.DESTROY))
    retired = state._replace(retired=True)
    return _stop(retired, now, Reason.SPINDOWN, (Effect.DISARM, Effect.WITHDRAW))


def _thaw_and_end(state: State, now: float, said: Any) -> Step:
    ended, effects = _end(state, now, said)
    return ended, effects if state.crew is ALONE else (Effect.THAW, *effects)


def _ending(state: State, effects: Effects) -> Step:
    return state._replace(phase=Phase.ENDING, invoked=False), effects


Rule = Callable[[State, float, Any], Step]
"""What is told is passed on as it came."""

TABLE: dict[tuple[Phase, Event], Rule] = {
    (Phase.INIT, Event.STARTED): _started,
    (Phase.INIT, Event.FAILED): _failed,
    (Phase.INIT, Event.JOINED): _joined,
    (Phase.INIT, Event.INVOKE): _wait_for_init,
    (Phase.INIT, Event.NEXT): _runtime_next(_initialised(Stage.INIT)),
    (Phase.INIT, Event.READY): _extensions_next(_initialised(Stage.INIT)),
    (Phase.INIT, Event.INIT_ERROR): _failed_init(Status.ERROR),
    (Phase.INIT, Event.EXITED): _failed_init(Status.ERROR, runtime=False),
    (Phase.INIT, Event.EXTENSION_FAILED): _failed_init(Status.ERROR),
    (Phase.INIT, Event.OUT_OF_MEMORY): _init_out_of_memory(Stage.INIT),
    (Phase.INIT, Event.DEADLINE): _failed_init(Status.TIMEOUT),
    (Phase.INIT, Event.RETIRE): _retire_later,
    (Phase.INIT, Event.RESTORING): _restoring,
    (Phase.RESTORE, Event.FAILED): _failed,
    (Phase.RESTORE, Event.JOINED): _joined,
    (Phase.RESTORE, Event.INVOKE): _wait_for_init,
    (Phase.RESTORE, Event.NEXT): _runtime_next(_initialised(Stage.RESTORE)),
    (Phase.RESTORE, Event.READY): _extensions_next(_initialised(Stage.RESTORE)),
    (Phase.RESTORE, Event.INIT_ERROR): _failed_restore(Status.ERROR, Cause.RESTORE_ERROR),
    (Phase.RESTORE, Event.EXITED): _failed_restore(Status.ERROR, Cause.RESTORE_ERROR),
    (Phase.RESTORE, Event.OUT_OF_MEMORY): _failed_restore(Status.ERROR, Cause.RESTORE_ERROR),
    (Phase.RESTORE, Event.EXTENSION_FAILED): _failed_restore(Status.ERROR, Cause.RESTORE_ERROR),
    (Phase.RESTORE, Event.DEADLINE): _failed_restore(Status.TIMEOUT, Cause.RESTORE_TIMEOUT),
    (Phase.RESTORE, Event.RETIRE): _retire_later,
    (Phase.EXTENSION_INIT, Event.STARTED): _started,
    (Phase.EXTENSION_INIT, Event.FAILED): _failed,
    (Phase.EXTENSION_INIT, Event.REGISTERED): _registered(Phase.INIT),
    (Phase.EXTENSION_INIT, Event.INVOKE): _wait_for_init,
    (Phase.EXTENSION_INIT, Event.EXTENSION_FAILED): _failed_init(Status.ERROR, runtime=False),
    (Phase.EXTENSION_INIT, Event.DEADLINE): _failed_init(Status.TIMEOUT, runtime=False),
    (Phase.EXTENSION_INIT, Event.RETIRE): _retire_later,
    (Phase.REINIT, Event.STARTED): _started_again,
    (Phase.REINIT, Event.FAILED): _failed,
    (Phase.REINIT, Event.JOINED): _joined,
    (Phase.REINIT, Event.NEXT): _runtime_next(_reinitialised),
    (Phase.REINIT, Event.READY): _extensions_next(_reinitialised),
    (Phase.REINIT, Event.INIT_ERROR): _failed_reinit(Status.ERROR, Cause.INIT_ERROR),
    (Phase.REINIT, Event.EXITED): _failed_reinit(Status.ERROR, Cause.EXIT, runtime=False),
    (Phase.REINIT, Event.EXTENSION_FAILED): _failed_reinit(Status.ERROR, Cause.EXTENSION),
    (Phase.REINIT, Event.OUT_OF_MEMORY): _init_out_of_memory(Stage.REINIT),
    (Phase.REINIT, Event.DEADLINE): _failed_reinit(Status.TIMEOUT, Cause.TIMEOUT),
    (Phase.REINIT, Event.RETIRE): _retire_later,
    (Phase.EXTENSION_REINIT, Event.STARTED): _started_again,
    (Phase.EXTENSION_REINIT, Event.FAILED): _failed,
    (Phase.EXTENSION_REINIT, Event.REGISTERED): _registered(Phase.REINIT),
    (Phase.EXTENSION_REINIT, Event.EXTENSION_FAILED): _failed_reinit(Status.ERROR, Cause.EXTENSION, runtime=False),
    (Phase.EXTENSION_REINIT, Event.DEADLINE): _failed_reinit(Status.TIMEOUT, Cause.TIMEOUT, runtime=False),
    (Phase.EXTENSION_REINIT, Event.RETIRE): _retire_later,
    (Phase.IDLE, Event.READY): _keep,
    (Phase.IDLE, Event.INVOKE): _run,
    (Phase.IDLE, Event.EXITED): _lost_while_idle(runtime=False),
    (Phase.IDLE, Event.EXTENSION_FAILED): _lost_while_idle(runtime=True),
    (Phase.IDLE, Event.OUT_OF_MEMORY): _out_of_memory,
    (Phase.IDLE, Event.DEADLINE): _freeze,
    (Phase.IDLE, Event.RETIRE): _end,
    (Phase.FROZEN, Event.INVOKE): _thaw_and_run,
    (Phase.FROZEN, Event.EXITED): _lost_while_idle(runtime=False),
    (Phase.FROZEN, Event.EXTENSION_FAILED): _lost_while_idle(runtime=True),
    (Phase.FROZEN, Event.OUT_OF_MEMORY): _out_of_memory,
    (Phase.FROZEN, Event.RETIRE): _thaw_and_end,
    (Phase.BUSY, Event.FAILED): _failed,
    (Phase.BUSY, Event.READY): _not_yet,
    (Phase.BUSY, Event.RESPONSE): _answered,
    (Phase.BUSY, Event.NEXT): _answer_and_reset(Cause.EXIT),
    (Phase.BUSY, Event.INIT_ERROR): _answer_and_reset(Cause.INIT_ERROR),
    (Phase.BUSY, Event.EXITED): _answer_and_reset(Cause.EXIT, runtime=False),
    (Phase.BUSY, Event.EXTENSION_FAILED): _answer_and_reset(Cause.EXTENSION),
    (Phase.BUSY, Event.OUT_OF_MEMORY): _out_of_memory,
    (Phase.BUSY, Event.DEADLINE): _answer_and_reset(Cause.TIMEOUT, Reason.TIMEOUT),
    (Phase.BUSY, Event.RETIRE): _retire_later,
    (Phase.ANSWERED, Event.FAILED): _failed,
    (Phase.ANSWERED, Event.INVOKE): _wait_for_next,
    (Phase.ANSWERED, Event.NEXT): _runtime_next(_idle_again),
    (Phase.ANSWERED, Event.READY): _extensions_next(_idle_again),
    (Phase.ANSWERED, Event.EXITED): _lost_after_answer(Cause.EXIT, Reason.FAILURE, runtime=False),
    (Phase.ANSWERED, Event.EXTENSION_FAILED): _lost_after_answer(Cause.EXTENSION, Reason.FAILURE),
    (Phase.ANSWERED, Event.OUT_OF_MEMORY): _out_of_memory_after_answer,
    (Phase.ANSWERED, Event.DEADLINE): _lost_after_answer(Cause.TIMEOUT, Reason.TIMEOUT),
    (Phase.ANSWERED, Event.RETIRE): _retire_later,
    (Phase.STOPPING, Event.FAILED): _keep,
    (Phase.STOPPING, Event.JOINED): _keep,
    (Phase.STOPPING, Event.INVOKE): _invoke_while_stopping,
    (Phase.STOPPING, Event.NEXT): _keep,
    (Phase.STOPPING, Event.READY): _keep,
    (Phase.STOPPING, Event.RESPONSE): _keep,
    (Phase.STOPPING, Event.INIT_ERROR): _keep,
    (Phase.STOPPING, Event.EXITED): _runtime_stopped(),
    (Phase.STOPPING, Event.EXTENSION_FAILED): _keep,
    (Phase.STOPPING, Event.OUT_OF_MEMORY): _runtime_stopped(),
    (Phase.STOPPING, Event.DEADLINE): _runtime_stopped(Effect.KILL_RUNTIME),
    (Phase.STOPPING, Event.RETIRE): _retire_stopping,
    (Phase.LEAVING, Event.FAILED): _keep,
    (Phase.LEAVING, Event.NEXT): _keep,
    (Phase.LEAVING, Event.RESPONSE): _keep,
    (Phase.LEAVING, Event.INIT_ERROR): _keep,
    (Phase.LEAVING, Event.JOINED): _keep,
    (Phase.LEAVING, Event.REGISTERED): _keep,
    (Phase.LEAVING, Event.INVOKE): _invoke_while_stopping,
    (Phase.LEAVING, Event.READY): _keep,
    (Phase.LEAVING, Event.EXITED): _keep,
    (Phase.LEAVING, Event.EXTENSION_FAILED): _keep,
    (Phase.LEAVING, Event.EXTENSIONS_GONE): _all_stopped,
    (Phase.LEAVING, Event.OUT_OF_MEMORY): _keep,
    (Phase.LEAVING, Event.DEADLINE): _all_stopped,
    (Phase.LEAVING, Event.RETIRE): _retire_stopping,
    (Phase.RESET, Event.INVOKE): _reinit,
    (Phase.RESET, Event.STARTED): _keep,
    (Phase.RESET, Event.FAILED): _keep,
    (Phase.RESET, Event.DEADLINE): _keep,
    (Phase.RESET, Event.EXITED): _keep,
    (Phase.RESET, Event.RETIRE): _end,
    (Phase.ENDING, Event.STARTED): _keep,
    (Phase.ENDING, Event.FAILED): _keep,
    (Phase.ENDING, Event.REGISTERED): _keep,
    (Phase.ENDING, Event.JOINED): _keep,
    (Phase.ENDING, Event.NEXT): _keep,
    (Phase.ENDING, Event.READY): _keep,
    (Phase.ENDING, Event.RESPONSE): _keep,
    (Phase.ENDING, Event.INIT_ERROR): _keep,
    (Phase.ENDING, Event.EXITED): _keep,
    (Phase.ENDING, Event.EXTENSION_FAILED): _keep,
    (Phase.ENDING, Event.OUT_OF_MEMORY): _keep,
    (Phase.ENDING, Event.RETIRE): _keep,
    (Phase.ENDING, Event.DEADLINE): _keep,
    (Phase.INIT, Event.LOST): _prepare_again,
    (Phase.EXTENSION_INIT, Event.LOST): _prepare_again,
    (Phase.RESTORE, Event.LOST): _prepare_again,
    (Phase.REINIT, Event.LOST): _prepare_again_inside,
    (Phase.EXTENSION_REINIT, Event.LOST): _prepare_again_inside,
    (Phase.BUSY, Event.LOST): _run_elsewhere,
}

for _phase in Phase:  # elsewhere it makes no difference why everything has ended
    if (_phase, Event.EXITED) in TABLE and (_phase, Event.LOST) not in TABLE:
        TABLE[_phase, Event.LOST] = TABLE[_phase, Event.EXITED]
