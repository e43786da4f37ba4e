"""The life of one execution environment, as a table.

What decides lives here; what does (sandbox, Runtime API, log lines) is `dispatch.environment`. An environment is a
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

Extensions are one party here, a `Crew`: who they are and which of them has said next is `runtimes.extensions`.
`docs/lifecycle.md` is made from `TABLE` (`python -m tools.lifecycle`).

Sources: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html (phases, 10 s, suppressed init,
reset, Shutdown), https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html (who is waited for, the
runtime's share of the Shutdown phase); the order of a shutdown is that of AWS's open-source Runtime Interface Emulator.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

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
    __hash__ = object.__hash__

    DELIVER = "deliver"
    """Hand the invocation to the waiting runtime, its event to the extensions that asked for it; the START line."""
    ANSWER_RESPONSE = "answer_response"
    """The runtime's answer, and the invocation's END and REPORT lines."""
    ANSWER_EARLY = "answer_early"
    """The runtime's answer; extensions still work on the invocation, its REPORT line comes later."""
    ANSWER_TIMEOUT = "answer_timeout"
    ANSWER_INIT_ERROR = "answer_init_error"
    ANSWER_EXIT = "answer_exit"
    ANSWER_EXTENSION = "answer_extension"
    """An extension failed under the invocation."""
    ANSWER_RESTORE_ERROR = "answer_restore_error"
    ANSWER_RESTORE_TIMEOUT = "answer_restore_timeout"
    ANSWER_GONE = "answer_gone"
    """The environment ends under an invocation for a reason that is ours."""
    REPORT_RESPONSE = "report_response"
    """END and REPORT of an invocation that was answered early, and so the next three."""
    REPORT_TIMEOUT = "report_timeout"
    REPORT_EXIT = "report_exit"
    REPORT_EXTENSION = "report_extension"
    REPORT_INIT = "report_init"
    """An Init phase has ended well, and so REPORT_REINIT; with the EXTENSION lines, as all of its kind."""
    REPORT_REINIT = "report_reinit"
    REPORT_INIT_FAILURE = "report_init_failure"
    """INIT_REPORT … Phase: init Status: error."""
    REPORT_INIT_TIMEOUT = "report_init_timeout"
    REPORT_RESTORE = "report_restore"
    REPORT_RESTORE_FAILURE = "report_restore_failure"
    REPORT_RESTORE_TIMEOUT = "report_restore_timeout"
    REPORT_REINIT_FAILURE = "report_reinit_failure"
    """INIT_REPORT … Phase: invoke Status: error."""
    REPORT_REINIT_TIMEOUT = "report_reinit_timeout"
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


ALONE = Crew()
"""No extensions."""


class State(NamedTuple):
    """One environment; a tuple, because three are made in every warm invocation.

    Times are seconds on the caller's monotonic clock. `timeout` is the timeout of the invocation at hand; `invoked`
    whether there is one; `init_started` and `init_seconds` measure the last Init or Restore; `retired` whether it ends
    after the invocation at hand; `grace` is how long it stays thawed. `runtime_ready` and `extensions_ready` tell
    who has said next in this phase, `reason` is that of the last Shutdown phase.
    """

    phase: Phase = Phase.INIT
    invoked: bool = False
    timeout: float = 0.0
    deadline: float = 0.0
    init_started: float = 0.0
    init_seconds: float = 0.0
    retired: bool = False
    crew: Crew = ALONE
    runtime_ready: bool = False
    extensions_ready: bool = True
    init_limit: float = INIT_LIMIT
    reason: Reason = Reason.SPINDOWN
    grace: float = FREEZE_GRACE


Effects = tuple[Effect, ...]
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


def apply(state: State, event: Event, now: float, timeout: float = 0.0, crew: Crew | None = None) -> Step:
    """What `event` makes of `state` at `now`. Raises IllegalTransition.

    `timeout` (seconds) belongs to INVOKE, `crew` to STARTED, REGISTERED and JOINED.
    """
    rule = TABLE.get((state.phase, event))
    if rule is None:
        raise IllegalTransition(state.phase, event)
    if crew is not None:
        state = state._replace(crew=crew)
    return rule(state, now, timeout)


def _in_phase(state: State, phase: Phase, invoked: bool, timeout: float, deadline: float) -> State:
    """`_replace` of what every phase has of its own, at a third of the cost."""
    crew = state.crew
    return State(
        phase, invoked, timeout, deadline, state.init_started, state.init_seconds, state.retired,
        crew, False, not crew.invoked, state.init_limit, state.reason, state.grace,
    )  # fmt: skip


def _keep(state: State, now: float, timeout: float) -> Step:
    return state, ()


# --- Init


def _started(state: State, now: float, timeout: float) -> Step:
    limited = state._replace(init_started=now, deadline=now + state.init_limit)
    begun, effects = _begin_init(limited, Phase.EXTENSION_INIT)
    return begun, (Effect.ARM, *effects)


def _restoring(state: State, now: float, timeout: float) -> Step:
    limited = state._replace(phase=Phase.RESTORE, init_started=now, deadline=now + RESTORE_LIMIT)
    return limited, (Effect.ARM, Effect.START_RUNTIME)


def _failed_restore(report: Effect, answer: Effect) -> "Rule":
    """A snapshot that can't be restored is the caller's answer; nothing of the environment is used again."""

    def rule(state: State, now: float, timeout: float) -> Step:
        answers = (answer,) if state.invoked else ()
        return _ending(state, (Effect.DISARM, report, *answers, Effect.DESTROY))

    return rule


def _started_again(state: State, now: float, timeout: float) -> Step:
    # The invocation's own timer runs on: a suppressed init is part of the invocation.
    return _begin_init(state._replace(init_started=now), Phase.EXTENSION_REINIT)


def _begin_init(state: State, with_extensions: Phase) -> Step:
    if state.crew.external:
        return state._replace(phase=with_extensions, extensions_ready=False), (Effect.START_EXTENSIONS,)
    return state, (Effect.START_RUNTIME,)


def _registered(phase: Phase) -> "Rule":
    def rule(state: State, now: float, timeout: float) -> Step:
        return state._replace(phase=phase), (Effect.START_RUNTIME,)

    return rule


def _joined(state: State, now: float, timeout: float) -> Step:
    return state._replace(extensions_ready=False), ()


def _failed(state: State, now: float, timeout: float) -> Step:
    answer = (Effect.ANSWER_GONE,) if state.invoked else ()
    return _ending(state, (Effect.DISARM, *answer, Effect.DESTROY))


def _wait_for_init(state: State, now: float, timeout: float) -> Step:
    return state._replace(invoked=True, timeout=timeout), ()


def _initialised(report: Effect) -> "Rule":
    def rule(state: State, now: float, timeout: float) -> Step:
        ready = state._replace(init_seconds=now - state.init_started)
        if state.invoked:
            running, effects = _run(ready, now, state.timeout)
            return running, (Effect.DISARM, report, *effects)
        ended, effects = _end(ready, now, timeout) if state.retired else _idle(ready, now)
        return ended, (report, *effects)

    return rule


def _reinitialised(state: State, now: float, timeout: float) -> Step:
    busy = _in_phase(state, Phase.BUSY, True, state.timeout, state.deadline)
    return busy._replace(init_seconds=0.0), (Effect.REPORT_REINIT, Effect.DELIVER)


def _failed_init(report: Effect, reason: Reason, runtime: bool = True) -> "Rule":
    """The Init phase failed: once more inside the invocation that waits, else wait for one."""

    def rule(state: State, now: float, timeout: float) -> Step:
        return _stop(state, now, reason, (Effect.DISARM, report), runtime)

    return rule


def _failed_reinit(report: Effect, answer: Effect, reason: Reason, runtime: bool = True) -> "Rule":
    """The second attempt failed as well: that is the invocation's answer."""

    def rule(state: State, now: float, timeout: float) -> Step:
        return _stop(state._replace(invoked=False), now, reason, (Effect.DISARM, report), runtime, answer)

    return rule


def _reinit(state: State, now: float, timeout: float) -> Step:
    again = state._replace(
        phase=Phase.REINIT,
        invoked=True,
        timeout=timeout,
        deadline=now + timeout,
        init_started=now,
        runtime_ready=False,
        extensions_ready=True,
        crew=ALONE,
    )
    return again, (Effect.PREPARE, Effect.ARM)


# --- Invoke


def _run(state: State, now: float, timeout: float) -> Step:
    return _in_phase(state, Phase.BUSY, True, timeout, now + timeout), (Effect.DELIVER, Effect.ARM)


def _thaw_and_run(state: State, now: float, timeout: float) -> Step:
    running, effects = _run(state, now, timeout)
    return running, (Effect.THAW, *effects)


def _answered(state: State, now: float, timeout: float) -> Step:
    if state.crew.invoked:
        return state._replace(phase=Phase.ANSWERED, invoked=False), (Effect.ANSWER_EARLY,)
    after = _in_phase(state, Phase.ANSWERED, False, state.timeout, state.deadline)
    return after, (Effect.ANSWER_RESPONSE,) if state.retired else (Effect.SOON, Effect.ANSWER_RESPONSE)


def _answer_and_reset(answer: Effect, reason: Reason = Reason.FAILURE, runtime: bool = True) -> "Rule":
    def rule(state: State, now: float, timeout: float) -> Step:
        return _stop(state._replace(invoked=False), now, reason, (Effect.DISARM,), runtime, answer)

    return rule


def _wait_for_next(state: State, now: float, timeout: float) -> Step:
    # The timer stays that of the invocation before: it bounds how long the runtime may take to ask.
    if state.crew.invoked:
        raise IllegalTransition(state.phase, Event.INVOKE)  # it was not offered
    return _in_phase(state, Phase.ANSWERED, True, timeout, state.deadline), ()


def _lost_after_answer(report: Effect, reason: Reason, runtime: bool = True) -> "Rule":
    """Somebody did not come back for the next event; the caller has his answer already."""

    def rule(state: State, now: float, timeout: float) -> Step:
        line = (report,) if state.crew.invoked else ()
        return _stop(state, now, reason, (Effect.DISARM, *line), runtime)

    return rule


def _idle_again(state: State, now: float, timeout: float) -> Step:
    report = (Effect.REPORT_RESPONSE,) if state.crew.invoked else ()
    if state.invoked:
        running, effects = _run(state, now, state.timeout)
        return running, (Effect.DISARM, *effects)
    if state.retired:
        ended, effects = _end(state, now, timeout)
    else:
        ended, effects = _idle(state, now)
    return ended, (*report, *effects) if report else effects


def _idle(state: State, now: float) -> Step:
    idle = _in_phase(state, Phase.IDLE, False, state.timeout, now + state.grace)
    return idle, (Effect.ARM if state.grace < NEVER else Effect.DISARM, Effect.OFFER)


def _freeze(state: State, now: float, timeout: float) -> Step:
    return state._replace(phase=Phase.FROZEN), (Effect.FREEZE,)


def _runtime_next(done: "Rule") -> "Rule":
    """The runtime has said next: the phase is done when the extensions have, too."""

    def rule(state: State, now: float, timeout: float) -> Step:
        if state.extensions_ready:
            return done(state, now, timeout)
        return state._replace(runtime_ready=True), ()

    return rule


def _extensions_next(done: "Rule") -> "Rule":
    """The extensions have said next: the phase is done when the runtime has, too."""

    def rule(state: State, now: float, timeout: float) -> Step:
        if state.runtime_ready:
            return done(state, now, timeout)
        return state._replace(extensions_ready=True), ()

    return rule


def _not_yet(state: State, now: float, timeout: float) -> Step:
    return state._replace(extensions_ready=True), ()


# --- Shutdown


def _stop(
    state: State, now: float, reason: Reason, first: Effects, runtime: bool = True, answer: Effect | None = None
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
    def rule(state: State, now: float, timeout: float) -> Step:
        crew = state.crew
        if not crew.external:
            return _stopped(state, now, (Effect.DISARM, Effect.KILL_ALL))
        deadline = state.deadline - crew.runtime_seconds + crew.shutdown_seconds
        leaving = state._replace(phase=Phase.LEAVING, deadline=deadline)
        return leaving, (*first, Effect.SHUTDOWN_EXTENSIONS, Effect.ARM)

    return rule


def _all_stopped(state: State, now: float, timeout: float) -> Step:
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
    return state._replace(invoked=True, timeout=timeout), ()


def _lost_while_idle(runtime: bool) -> "Rule":
    # What is frozen can't exit on AWS; what does is started again by the next invocation, which may come meanwhile.
    def rule(state: State, now: float, timeout: float) -> Step:
        return _stop(state, now, Reason.FAILURE, (Effect.DISARM,), runtime)

    return rule


def _out_of_memory(state: State, now: float, timeout: float) -> Step:
    answer = (Effect.ANSWER_EXIT,) if state.invoked else ()
    report = (Effect.REPORT_EXIT,) if state.phase is Phase.ANSWERED and state.crew.invoked else ()
    ended = state._replace(invoked=False, retired=True)
    if state.crew.external:
        return _stop(ended, now, Reason.FAILURE, (Effect.DISARM, *answer, *report, Effect.WITHDRAW), runtime=False)
    return _ending(ended, (Effect.DISARM, *answer, *report, Effect.DESTROY))


def _retire_later(state: State, now: float, timeout: float) -> Step:
    return state._replace(retired=True), ()


def _retire_stopping(state: State, now: float, timeout: float) -> Step:
    return state._replace(retired=True), () if state.invoked else (Effect.WITHDRAW,)


def _end(state: State, now: float, timeout: float) -> Step:
    if state.crew is ALONE:
        return _ending(state, (Effect.DISARM, Effect.DESTROY))
    retired = state._replace(retired=True)
    return _stop(retired, now, Reason.SPINDOWN, (Effect.DISARM, Effect.WITHDRAW))


def _thaw_and_end(state: State, now: float, timeout: float) -> Step:
    ended, effects = _end(state, now, timeout)
    return ended, effects if state.crew is ALONE else (Effect.THAW, *effects)


def _ending(state: State, effects: Effects) -> Step:
    return state._replace(phase=Phase.ENDING, invoked=False), effects


Rule = Callable[[State, float, float], Step]

TABLE: dict[tuple[Phase, Event], Rule] = {
    (Phase.INIT, Event.STARTED): _started,
    (Phase.INIT, Event.FAILED): _failed,
    (Phase.INIT, Event.JOINED): _joined,
    (Phase.INIT, Event.INVOKE): _wait_for_init,
    (Phase.INIT, Event.NEXT): _runtime_next(_initialised(Effect.REPORT_INIT)),
    (Phase.INIT, Event.READY): _extensions_next(_initialised(Effect.REPORT_INIT)),
    (Phase.INIT, Event.INIT_ERROR): _failed_init(Effect.REPORT_INIT_FAILURE, Reason.FAILURE),
    (Phase.INIT, Event.EXITED): _failed_init(Effect.REPORT_INIT_FAILURE, Reason.FAILURE, runtime=False),
    (Phase.INIT, Event.EXTENSION_FAILED): _failed_init(Effect.REPORT_INIT_FAILURE, Reason.FAILURE),
    (Phase.INIT, Event.OUT_OF_MEMORY): _out_of_memory,
    (Phase.INIT, Event.DEADLINE): _failed_init(Effect.REPORT_INIT_TIMEOUT, Reason.TIMEOUT),
    (Phase.INIT, Event.RETIRE): _retire_later,
    (Phase.INIT, Event.RESTORING): _restoring,
    (Phase.RESTORE, Event.FAILED): _failed,
    (Phase.RESTORE, Event.JOINED): _joined,
    (Phase.RESTORE, Event.INVOKE): _wait_for_init,
    (Phase.RESTORE, Event.NEXT): _runtime_next(_initialised(Effect.REPORT_RESTORE)),
    (Phase.RESTORE, Event.READY): _extensions_next(_initialised(Effect.REPORT_RESTORE)),
    (Phase.RESTORE, Event.INIT_ERROR): _failed_restore(Effect.REPORT_RESTORE_FAILURE, Effect.ANSWER_RESTORE_ERROR),
    (Phase.RESTORE, Event.EXITED): _failed_restore(Effect.REPORT_RESTORE_FAILURE, Effect.ANSWER_RESTORE_ERROR),
    (Phase.RESTORE, Event.OUT_OF_MEMORY): _failed_restore(Effect.REPORT_RESTORE_FAILURE, Effect.ANSWER_RESTORE_ERROR),
    (Phase.RESTORE, Event.EXTENSION_FAILED): _failed_restore(
        Effect.REPORT_RESTORE_FAILURE, Effect.ANSWER_RESTORE_ERROR
    ),
    (Phase.RESTORE, Event.DEADLINE): _failed_restore(Effect.REPORT_RESTORE_TIMEOUT, Effect.ANSWER_RESTORE_TIMEOUT),
    (Phase.RESTORE, Event.RETIRE): _retire_later,
    (Phase.EXTENSION_INIT, Event.FAILED): _failed,
    (Phase.EXTENSION_INIT, Event.REGISTERED): _registered(Phase.INIT),
    (Phase.EXTENSION_INIT, Event.INVOKE): _wait_for_init,
    (Phase.EXTENSION_INIT, Event.EXTENSION_FAILED): _failed_init(
        Effect.REPORT_INIT_FAILURE, Reason.FAILURE, runtime=False
    ),
    (Phase.EXTENSION_INIT, Event.DEADLINE): _failed_init(Effect.REPORT_INIT_TIMEOUT, Reason.TIMEOUT, runtime=False),
    (Phase.EXTENSION_INIT, Event.RETIRE): _retire_later,
    (Phase.REINIT, Event.STARTED): _started_again,
    (Phase.REINIT, Event.FAILED): _failed,
    (Phase.REINIT, Event.JOINED): _joined,
    (Phase.REINIT, Event.NEXT): _runtime_next(_reinitialised),
    (Phase.REINIT, Event.READY): _extensions_next(_reinitialised),
    (Phase.REINIT, Event.INIT_ERROR): _failed_reinit(
        Effect.REPORT_REINIT_FAILURE, Effect.ANSWER_INIT_ERROR, Reason.FAILURE
    ),
    (Phase.REINIT, Event.EXITED): _failed_reinit(
        Effect.REPORT_REINIT_FAILURE, Effect.ANSWER_EXIT, Reason.FAILURE, runtime=False
    ),
    (Phase.REINIT, Event.EXTENSION_FAILED): _failed_reinit(
        Effect.REPORT_REINIT_FAILURE, Effect.ANSWER_EXTENSION, Reason.FAILURE
    ),
    (Phase.REINIT, Event.OUT_OF_MEMORY): _out_of_memory,
    (Phase.REINIT, Event.DEADLINE): _failed_reinit(Effect.REPORT_REINIT_TIMEOUT, Effect.ANSWER_TIMEOUT, Reason.TIMEOUT),
    (Phase.REINIT, Event.RETIRE): _retire_later,
    (Phase.EXTENSION_REINIT, Event.FAILED): _failed,
    (Phase.EXTENSION_REINIT, Event.REGISTERED): _registered(Phase.REINIT),
    (Phase.EXTENSION_REINIT, Event.EXTENSION_FAILED): _failed_reinit(
        Effect.REPORT_REINIT_FAILURE, Effect.ANSWER_EXTENSION, Reason.FAILURE, runtime=False
    ),
    (Phase.EXTENSION_REINIT, Event.DEADLINE): _failed_reinit(
        Effect.REPORT_REINIT_TIMEOUT, Effect.ANSWER_TIMEOUT, Reason.TIMEOUT, runtime=False
    ),
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
    (Phase.BUSY, Event.NEXT): _answer_and_reset(Effect.ANSWER_EXIT),
    (Phase.BUSY, Event.INIT_ERROR): _answer_and_reset(Effect.ANSWER_INIT_ERROR),
    (Phase.BUSY, Event.EXITED): _answer_and_reset(Effect.ANSWER_EXIT, runtime=False),
    (Phase.BUSY, Event.EXTENSION_FAILED): _answer_and_reset(Effect.ANSWER_EXTENSION),
    (Phase.BUSY, Event.OUT_OF_MEMORY): _out_of_memory,
    (Phase.BUSY, Event.DEADLINE): _answer_and_reset(Effect.ANSWER_TIMEOUT, Reason.TIMEOUT),
    (Phase.BUSY, Event.RETIRE): _retire_later,
    (Phase.ANSWERED, Event.FAILED): _failed,
    (Phase.ANSWERED, Event.INVOKE): _wait_for_next,
    (Phase.ANSWERED, Event.NEXT): _runtime_next(_idle_again),
    (Phase.ANSWERED, Event.READY): _extensions_next(_idle_again),
    (Phase.ANSWERED, Event.EXITED): _lost_after_answer(Effect.REPORT_EXIT, Reason.FAILURE, runtime=False),
    (Phase.ANSWERED, Event.EXTENSION_FAILED): _lost_after_answer(Effect.REPORT_EXTENSION, Reason.FAILURE),
    (Phase.ANSWERED, Event.OUT_OF_MEMORY): _out_of_memory,
    (Phase.ANSWERED, Event.DEADLINE): _lost_after_answer(Effect.REPORT_TIMEOUT, Reason.TIMEOUT),
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
}
