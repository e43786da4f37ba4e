"""One execution environment: carries out what `engine.environment` decides.

Events come in here, from the Runtime API, from extensions and from what runs inside; the effects they have are carried
out by the rooms beside: `processes` (what runs in it), `reports` (what is said of it), `alarm` (its deadline).
"""

import logging
import uuid
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Protocol

from lambent.engine import environment as engine
from lambent.engine.environment import Crew, Effect, Event, Failure, Phase, ReportInit, Response
from lambent.environments.alarm import Alarm
from lambent.environments.launch import Launcher
from lambent.environments.life import Life
from lambent.environments.performance import Append, Performance
from lambent.environments.processes import Processes, Spawn
from lambent.environments.reports import UNHANDLED, Count, Measure, Reports, Trace
from lambent.environments.running import Answer, Clocks, Running
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation
from lambent.observe.journal import Journal
from lambent.observe.lambda_metrics import PASSED
from lambent.runtime_api.extensions import INVOKE, About, Extensions, invoke_event
from lambent.runtime_api.server import RuntimeInvocation, Sink
from lambent.runtimes import programs
from lambent.sandbox.usage import Usage

log = logging.getLogger(__name__)


class Home(Protocol):
    """Where an environment reports that it is free, not free any more, or gone."""

    def offer(self, environment: "Environment") -> None: ...

    def soon(self, environment: "Environment") -> None: ...

    def gone(self, environment: "Environment") -> None: ...

    def ended(self, environment: "Environment") -> None: ...


class Environment:
    """An execution environment of one function version."""

    def __init__(
        self,
        function: FunctionVersion,
        home: Home,
        launcher: Launcher,
        journal: Journal,
        clock: Clocks,
        spawn: Spawn,
        initialization: str = "on-demand",
        measure: Measure = lambda *_measured: None,
        freeze_grace: float = engine.FREEZE_GRACE,
        trace: Trace = lambda _ended: None,
        insights: Append | None = None,
        count: Count = lambda _what, _much: None,
    ) -> None:
        """`insights` takes the lines of Lambda Insights, where that is on; `count` what else is billed."""
        self.function = function
        self._home = home
        self._journal = journal
        self._clock = clock
        self._spawn = spawn
        self._offered = False
        self._boosted = True
        self._alarm = Alarm(clock.monotonic, self._on_deadline)
        performance = insights and Performance(function, self._usage, insights, clock.wall)
        self._count = count
        self._reports = Reports(function, journal, clock, measure, self._peak_bytes, trace, performance, count)
        about = About(function.name, function.version, function.handler, function.scope.account)
        self._extensions = Extensions(about, self, _new_id)
        self._processes = Processes(
            self, function, launcher, self._extensions, self._reports, journal, clock, spawn, initialization
        )
        self.life = Life(function, journal.stream, initialization)
        self._state, effects = engine.begin(engine.init_limit(initialization, float(function.timeout)), freeze_grace)
        self.life.enters(self._state.phase, clock.wall())
        self._carry_out(effects)

    @property
    def phase(self) -> Phase:
        """Where in its life this environment is."""
        return self._state.phase

    @property
    def lost(self) -> bool:
        """It could not be made, for a reason that is ours."""
        return self._processes.lost

    def invoke(
        self, invocation: Invocation, answer: Answer, over: Callable[[], None], sink: Sink | None = None
    ) -> None:
        """Run `invocation` here and call `answer` once with what came of it. The environment must be free.

        `over` is called once when the invocation has ended: before the answer, or when its extensions are done, too.
        With `sink` a streamed response goes there as it comes; what `answer` gets has no payload then.
        """
        self._offered = False
        self._reports.running = Running(invocation, answer, over, sink)
        self.happened(Event.INVOKE, float(self.function.timeout))

    def trace_id(self) -> str | None:
        """The trace header of the invocation at hand; None when there is none."""
        running = self._reports.running
        return running.invocation.trace_id if running is not None else None

    def at_rest(self) -> dict[str, Any] | None:
        """What is in it between two invocations, with its log stream; None while something runs."""
        launched = self._processes.launched
        left = launched.left() if launched is not None and self.phase is Phase.FROZEN else None
        return (
            None if left is None else {"function": self.function.name, "stream": self._journal.stream, **asdict(left)}
        )

    def _peak_bytes(self) -> int | None:
        return self._processes.peak_bytes()

    def _usage(self) -> Usage | None:
        return self._processes.usage()

    def retire(self) -> None:
        """Take no further invocation; end when the one at hand is answered."""
        self.happened(Event.RETIRE)

    def abandon(self) -> None:
        """End now, whatever runs; who waits for an answer gets EnvironmentFailed."""
        self.retire()
        self.happened(Event.FAILED)

    def crash(self) -> None:
        """Kill the runtime, whatever it does: for trials of what functions leave behind."""
        self._processes.crash()

    def expire(self) -> None:
        """The time of the invocation at hand is over now: for the same."""
        if self._reports.running is not None:
            self.happened(Event.DEADLINE)

    # --- what the Runtime API reports

    def on_next(self) -> None:
        phase = self._state.phase
        self._reports.runtime_asked("init" if phase in (Phase.INIT, Phase.EXTENSION_INIT) else "invoke")
        self.happened(Event.NEXT)

    def on_response(self, request_id: str, body: bytes, headers: dict[str, str]) -> None:
        self._reports.responded(len(body))
        self.happened(Event.RESPONSE, Response(body))

    def on_error(self, request_id: str, error_type: str, body: bytes) -> None:
        self._look_for_programs(body)
        self._reports.responded(len(body))
        self.happened(Event.RESPONSE, Response(body, UNHANDLED))

    def _look_for_programs(self, error: bytes) -> None:
        """Whether the function failed for a program that it would find on this machine."""
        launched = self._processes.launched
        name = programs.tried(error) if launched is not None and launched.place.zygote.programs else ""
        if name:
            self._journal.find(programs.finding(self.function.arn, name))

    def on_restore_error(self, error_type: str, body: bytes) -> None:
        self.happened(Event.INIT_ERROR, Failure(error_type, body))

    def on_init_error(self, error_type: str, body: bytes) -> None:
        self.happened(Event.INIT_ERROR, Failure(error_type, body))

    # --- what extensions say

    def on_registered(self) -> None:
        self.happened(Event.REGISTERED, crew=self._crew())

    def on_joined(self) -> None:
        self.happened(Event.JOINED, crew=self._crew())

    def on_ready(self) -> None:
        self.happened(Event.READY)

    def _crew(self) -> Crew:
        known = self._extensions
        return Crew(
            external=any(one.external for one in known),
            internal=any(not one.external for one in known),
            invoked=bool(known.subscribed(INVOKE)),
        )

    # --- the engine's decisions

    def happened(self, event: Event, said: Any = None, crew: Crew | None = None) -> None:
        """Carry out what an event makes of this environment; what can't happen now changes nothing."""
        before = self._state.phase
        try:
            self._state, effects = engine.apply(self._state, event, self._clock.monotonic(), said, crew)
        except engine.IllegalTransition as illegal:
            log.warning("environment %s: %s", self._journal.stream, illegal)
            return
        if self._state.phase is not before:
            self.life.enters(self._state.phase, self._clock.wall())
        self._carry_out(effects)

    def _carry_out(self, effects: engine.Effects) -> None:
        try:
            for effect in effects:
                if isinstance(effect, Effect):
                    EFFECTS[effect](self)
                else:
                    REPORTS[type(effect)](self, effect)
        except Exception:  # a defect of ours costs this environment, and neither its event nor who called
            log.exception("environment %s of %s fails", self._journal.stream, self.function.arn)
            self.happened(Event.FAILED)

    def _on_deadline(self) -> None:
        self.happened(Event.DEADLINE)

    # --- effects

    def _deliver(self) -> None:
        running, launched = self._reports.running, self._processes.launched
        assert running is not None and launched is not None
        if self._boosted:
            # The Init phase has all the CPU there is; the share by memory holds from the first handler on.
            launched.sandbox.throttle()
            self._boosted = False
        self._reports.begin(self._state.began)
        remaining = self._state.deadline - self._clock.monotonic()
        deadline_ms = int((self._clock.wall() + remaining) * 1000)
        invocation = running.invocation
        if self._state.crew.invoked:
            told = (invocation.request_id, deadline_ms, invocation.function_arn, invocation.trace_id)
            self._extensions.send(INVOKE, invoke_event(*told))
        launched.api.deliver(
            RuntimeInvocation(
                invocation.request_id,
                invocation.payload,
                deadline_ms,
                invocation.function_arn,
                invocation.trace_id,
                invocation.client_context,
                invocation.cognito_identity,
                None,
                running.sink,
            )
        )

    def _init_ended(self, effect: ReportInit) -> None:
        self._reports.init_ended(effect, self._state.init_seconds, self._extensions)
        self._processes.end_subscriptions()

    def _offer(self) -> None:
        if not self._offered:
            self._offered = True
            self._home.offer(self)

    def _destroy(self) -> None:
        self._alarm.close()
        self._home.gone(self)
        if self._processes.launched is not None and (passed := self._processes.launched.passed()):
            self._count(PASSED, passed)
        self._processes.forget()
        self._spawn(self._close())

    async def _close(self) -> None:
        try:
            await self._processes.close()
        finally:
            self.life.ends(self._clock.wall())
            self._home.ended(self)


def _new_id() -> str:
    return str(uuid.uuid4())


EFFECTS: dict[Effect, Callable[[Environment], None]] = {
    Effect.DELIVER: Environment._deliver,
    Effect.PREPARE: lambda one: one._processes.prepare(),
    Effect.START_EXTENSIONS: lambda one: one._processes.start_extensions(),
    Effect.START_RUNTIME: lambda one: one._processes.start_runtime(),
    Effect.TERMINATE_RUNTIME: lambda one: one._processes.terminate_runtime(),
    Effect.KILL_RUNTIME: lambda one: one._processes.kill_runtime(),
    Effect.SHUTDOWN_EXTENSIONS: lambda one: one._processes.shutdown_extensions(one._state.reason, one._state.deadline),
    Effect.KILL_ALL: lambda one: one._processes.kill_all(),
    Effect.ARM: lambda one: one._alarm.arm(one._state.deadline),
    Effect.DISARM: lambda one: one._alarm.disarm(),
    Effect.OFFER: Environment._offer,
    Effect.SOON: lambda one: one._home.soon(one),
    Effect.WITHDRAW: lambda one: one._home.gone(one),
    Effect.FREEZE: lambda one: one._processes.freeze(),
    Effect.THAW: lambda one: one._processes.thaw(),
    Effect.DESTROY: Environment._destroy,
}

REPORTS: dict[type, Callable[[Environment, Any], None]] = {
    engine.Answer: lambda one, effect: one._reports.answer(effect, one._state),
    engine.Report: lambda one, effect: one._reports.report(effect, one._state),
    ReportInit: Environment._init_ended,
}
