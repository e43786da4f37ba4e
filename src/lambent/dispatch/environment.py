"""One execution environment: carries out what `engine.environment` decides.

It owns a sandbox, the processes in it (the runtime's and those of external extensions), the APIs that they speak to,
their pipes and their log stream. Everything here runs on the event loop; only making and destroying the sandbox and
starting processes takes a task.
"""

import asyncio
import functools
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Protocol

from lambent.dispatch import extensions as external
from lambent.dispatch.extensions import ExternalExtensions
from lambent.dispatch.launch import Launched, Launcher, RuntimeProcess
from lambent.dispatch.telemetry import Telemetry
from lambent.engine import environment as engine
from lambent.engine.environment import Crew, Effect, Event, Phase
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation, Outcome, RestoreFailed
from lambent.observe.journal import Journal
from lambent.observe.platform import Span
from lambent.observe.report import Report, megabytes
from lambent.runtimes import errors, telemetry
from lambent.runtimes.api import Request, RuntimeInvocation, Sink
from lambent.runtimes.conversation import Refusal
from lambent.runtimes.extensions import (
    INVOKE,
    SHUTDOWN,
    About,
    Extensions,
    Reply,
    invoke_event,
    shutdown_event,
)
from lambent.runtimes.place import InvalidEntrypoint
from lambent.sandbox.spec import ExitStatus

log = logging.getLogger(__name__)

Answer = Callable[[Outcome | Exception], None]
UNHANDLED = "Unhandled"
PEAK_SECONDS = 0.01
"""Under load, the Max Memory Used of an invocation may miss what the last 10 ms added: a reading costs as much as a
tenth of an invocation."""


class Home(Protocol):
    """Where an environment reports that it is free, not free any more, or gone."""

    def offer(self, environment: "Environment") -> None: ...

    def soon(self, environment: "Environment") -> None: ...

    def gone(self, environment: "Environment") -> None: ...

    def ended(self, environment: "Environment") -> None: ...


@dataclass(frozen=True, slots=True)
class Clock:
    """`monotonic` for durations, `wall` for timestamps; both in seconds."""

    monotonic: Callable[[], float]
    wall: Callable[[], float]


class EnvironmentFailed(Exception):
    """The environment could not be made or was lost for a reason that is ours, not the function's."""


@dataclass(slots=True)
class _Running:
    """The invocation at hand."""

    invocation: Invocation
    answer: Answer
    over: Callable[[], None]
    sink: Sink | None = None
    started: float = 0.0
    responded: float = 0.0
    produced: int = 0
    failed: bool = False


class Environment:
    """An execution environment of one function version."""

    def __init__(
        self,
        function: FunctionVersion,
        home: Home,
        launcher: Launcher,
        journal: Journal,
        clock: Clock,
        spawn: Callable[..., asyncio.Task[None]],
        initialization: str = "on-demand",
        measure: Callable[[str, float, bool], None] = lambda arn, milliseconds, failed: None,
        freeze_grace: float = engine.FREEZE_GRACE,
    ) -> None:
        self.function = function
        self._home = home
        self._launcher = launcher
        self._journal = journal
        self._clock = clock
        self._spawn = spawn
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0
        self._armed = self._offered = False
        self._peak = (0, float("-inf"))
        self._preparing: asyncio.Task[None] | None = None
        self._launched: Launched | None = None
        self._process: RuntimeProcess | None = None
        self._former: list[RuntimeProcess | external.Process] = []
        self._running: _Running | None = None
        self._unreported: _Running | None = None
        self._failure: tuple[str, bytes] = ("", b"")
        self._extension_failure = ("", "")
        self._response: tuple[bytes, str | None] = (b"", None)
        self._exit = ExitStatus()
        self._attempt = 0
        self._first = self._boosted = True
        self.lost = False
        """It could not be made, for a reason that is ours."""
        self._initialising = False
        about = About(function.name, function.version, function.handler, function.scope.account)
        self._extensions = Extensions(about, self, _new_id)
        self._external = ExternalExtensions(self._extensions, self._on_extension_failed, self._on_extensions_gone)
        self._telemetry: Telemetry | None = None
        self._initialization = initialization
        self._measure = measure
        self._restored = False
        self._state, effects = engine.begin(engine.init_limit(initialization, float(function.timeout)), freeze_grace)
        self._carry_out(effects)

    @property
    def phase(self) -> Phase:
        """Where in its life this environment is."""
        return self._state.phase

    def invoke(
        self, invocation: Invocation, answer: Answer, over: Callable[[], None], sink: Sink | None = None
    ) -> None:
        """Run `invocation` here and call `answer` once with what came of it. The environment must be free.

        `over` is called once when the invocation has ended: before the answer, or when its extensions are done, too.
        With `sink` a streamed response goes there as it comes; what `answer` gets has no payload then.
        """
        self._offered = False
        self._running = _Running(invocation, answer, over, sink)
        self._apply(Event.INVOKE, float(self.function.timeout))

    def trace_id(self) -> str | None:
        """The trace header of the invocation at hand; None when there is none."""
        return self._running.invocation.trace_id if self._running is not None else None

    def retire(self) -> None:
        """Take no further invocation; end when the one at hand is answered."""
        self._apply(Event.RETIRE)

    def abandon(self) -> None:
        """End now, whatever runs; who waits for an answer gets EnvironmentFailed."""
        self.retire()
        self._apply(Event.FAILED)

    # --- what the Runtime API reports

    def on_next(self) -> None:
        if self._initialising:
            self._initialising = False
            if self._restored:
                self._journal.restore_runtime_done()
            else:
                self._journal.init_runtime_done(self._init_phase())
        elif self._unreported is not None:
            self._runtime_done(self._unreported)
        self._apply(Event.NEXT)

    def on_response(self, request_id: str, body: bytes, headers: dict[str, str]) -> None:
        self._response = (body, None)
        self._note_response(len(body))
        self._apply(Event.RESPONSE)

    def on_error(self, request_id: str, error_type: str, body: bytes) -> None:
        self._response = (body, UNHANDLED)
        self._note_response(len(body))
        self._apply(Event.RESPONSE)

    def _note_response(self, size: int) -> None:
        if self._running is not None and self._journal.detailed:
            self._running.responded, self._running.produced = self._clock.monotonic(), size

    def on_restore_error(self, error_type: str, body: bytes) -> None:
        self._failure = (error_type, body)
        self._apply(Event.INIT_ERROR)

    def on_init_error(self, error_type: str, body: bytes) -> None:
        self._failure = (error_type, body)
        self._apply(Event.INIT_ERROR)

    # --- what extensions say

    def on_registered(self) -> None:
        self._apply(Event.REGISTERED, crew=self._crew())

    def on_joined(self) -> None:
        self._apply(Event.JOINED, crew=self._crew())

    def on_ready(self) -> None:
        self._apply(Event.READY)

    def _crew(self) -> Crew:
        known = self._extensions
        return Crew(
            external=any(one.external for one in known),
            internal=any(not one.external for one in known),
            invoked=bool(known.subscribed(INVOKE)),
        )

    def _on_extension_failed(self, error_type: str, reason: str) -> None:
        if not self._extension_failure[0]:
            self._extension_failure = (error_type, reason)
        self._apply(Event.EXTENSION_FAILED)

    def _on_extensions_gone(self) -> None:
        if self._state.phase is Phase.LEAVING:
            self._apply(Event.EXTENSIONS_GONE)

    # --- the engine's decisions

    def _apply(self, event: Event, timeout: float = 0.0, crew: Crew | None = None) -> None:
        try:
            self._state, effects = engine.apply(self._state, event, self._clock.monotonic(), timeout, crew)
        except engine.IllegalTransition as illegal:
            log.warning("environment %s: %s", self._journal.stream, illegal)
            return
        self._carry_out(effects)

    def _carry_out(self, effects: engine.Effects) -> None:
        for effect in effects:
            EFFECTS[effect](self)

    # --- starting

    def _prepare(self) -> None:
        self._attempt += 1
        self._preparing = self._spawn(self._make_ready(self._attempt))

    async def _make_ready(self, attempt: int) -> None:
        try:
            if self._launched is None:
                stream, how = self._journal.stream, self._initialization
                self._launched = await self._launcher.launch(self.function, self, stream, how)
                self._restored = self._launched.restored
                self._attach(self._launched)
                self._begin_journal(self._launched)
            else:
                self._journal.init_start(self._launched.runtime_version, self._launched.runtime_arn, "invoke")
            while self._former:
                await asyncio.shield(self._former.pop().exited)
            names = external.find(self._launched)
        except Exception as error:
            self._could_not_start(error)
            return
        if attempt == self._attempt:
            self._extension_failure = ("", "")
            if self._restored:
                self._launched.api.restore(self)
            if self._restored and self._state.phase is Phase.INIT:
                self._apply(Event.RESTORING)
            else:
                self._apply(Event.STARTED, crew=Crew(external=True) if names else None)

    def _begin_journal(self, launched: Launched) -> None:
        begin = self._journal.restore_start if self._restored else self._journal.init_start
        begin(launched.runtime_version, launched.runtime_arn)

    def _attach(self, launched: Launched) -> None:
        """The other APIs, which stand beside the Runtime API."""
        self._telemetry = Telemetry(
            self._journal,
            self._identify,
            launched.sandbox.connect,
            self._clock.monotonic,
            self._clock.wall,
            self._spawn,
        )
        launched.api.attach(self._extensions, dict.fromkeys(_TELEMETRY_PATHS, self._answer_telemetry))

    def _identify(self, identifier: str) -> str | Refusal:
        extension = self._extensions.identified(identifier)
        return extension if isinstance(extension, Refusal) else extension.name

    def _answer_telemetry(self, request: Request) -> Reply:
        assert self._telemetry is not None
        method, path = request.method.decode("latin-1"), request.path.decode("latin-1")
        status, headers, body = self._telemetry.handle(method, path, request.headers, request.body)
        return Reply(status, body, tuple(item for item in headers.items() if item[0].lower() != "content-type"))

    def _start_extensions(self) -> None:
        self._spawn(self._launch_extensions())

    async def _launch_extensions(self) -> None:
        launched = self._launched
        assert launched is not None
        try:
            await self._external.start(launched, external.find(launched), self._journal.extension_writers)
        except Exception as error:
            self._could_not_start(error)

    def _start_runtime(self) -> None:
        self._initialising = True
        self._spawn(self._launch_runtime(self._attempt))

    async def _launch_runtime(self, attempt: int) -> None:
        launched = self._launched
        assert launched is not None
        try:
            process = await launched.start_runtime(self._journal.pipes.writers)
        except InvalidEntrypoint as invalid:
            self._invalid(invalid)
            return
        except Exception as error:
            self._could_not_start(error)
            return
        if attempt != self._attempt:
            self._former.append(process)
            process.kill()
            return
        self._process = process
        process.exited.add_done_callback(lambda _: self._on_exit(process))

    def _could_not_start(self, error: Exception) -> None:
        if self._state.phase is not Phase.ENDING:  # else it was given up meanwhile
            self.lost = True
            text = "environment %s of %s could not be started"
            log.error(text, self._journal.stream, self.function.arn, exc_info=error)
        self._apply(Event.FAILED)

    def _invalid(self, invalid: InvalidEntrypoint) -> None:
        """There is nothing to start: for the function that is a failed init."""
        request_id = self._request_id()
        if request_id:
            self._begin_invocation()
            self._journal.failed(request_id, f"{invalid}\n{invalid.error_type}")
        payload = errors.invalid_entrypoint_payload(request_id, str(invalid), invalid.error_type)
        self._failure = (invalid.error_type, payload)
        self._apply(Event.INIT_ERROR)

    # --- stopping

    def _on_exit(self, process: RuntimeProcess) -> None:
        if process is not self._process or process.exited.cancelled():
            return
        self._process = None
        self._exit = process.exited.result()
        self._failure = (self._extensions.first_error or errors.EXITED, b"")
        self._apply(Event.OUT_OF_MEMORY if self._exit.out_of_memory else Event.EXITED)

    def _terminate_runtime(self) -> None:
        if self._process is not None:
            self._process.terminate()
        else:  # it is just being started; KILL_ALL comes later
            asyncio.get_running_loop().call_soon(self._apply, Event.EXITED)

    def _kill_runtime(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            self._former.append(process)
            process.kill()

    def _shutdown_extensions(self) -> None:
        state = self._state
        left = max(state.deadline - self._clock.monotonic(), 0.0)
        deadline_ms = int((self._clock.wall() + left) * 1000)
        if self._telemetry is not None:
            self._telemetry.hurry()
        self._extensions.send(SHUTDOWN, shutdown_event(state.reason.value, deadline_ms))
        self._external.kill_unless(frozenset(one.name for one in self._extensions.subscribed(SHUTDOWN)))
        if not self._external.alive:
            asyncio.get_running_loop().call_soon(self._on_extensions_gone)

    def _kill_all(self) -> None:
        self._attempt += 1
        self._initialising = False
        self._former += self._external.forget()
        process, self._process = self._process, None
        if process is not None:
            self._former.append(process)
        if self._launched is not None:
            if self._former:
                self._launched.sandbox.kill_processes()
            self._launched.api.reset()
        if self._telemetry is not None:
            self._telemetry.clear()

    # --- time

    def _arm(self) -> None:
        """The timer is left where it is when it fires before the deadline: it then looks again.

        Deadlines move several times an invocation and hardly ever fall due; moving a timer costs more than that.
        """
        self._armed = True
        deadline = self._state.deadline
        if self._timer is not None:
            if self._timer_due <= deadline:
                return
            self._timer.cancel()
        self._timer_due = deadline
        delay = max(deadline - self._clock.monotonic(), 0.0)
        self._timer = asyncio.get_running_loop().call_later(delay, self._on_timer)

    def _disarm(self) -> None:
        self._armed = False

    def _on_timer(self) -> None:
        self._timer = None
        if not self._armed:
            return
        if self._clock.monotonic() < self._state.deadline:
            self._arm()
        else:
            self._armed = False
            self._apply(Event.DEADLINE)

    # --- an invocation

    def _deliver(self) -> None:
        running, launched = self._running, self._launched
        assert running is not None and launched is not None
        if self._boosted:
            # The Init phase has all the CPU there is; the share by memory holds from the first handler on.
            launched.sandbox.throttle()
            self._boosted = False
        self._begin_invocation()
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

    def _begin_invocation(self) -> None:
        """The START line, and the time from which the invocation counts. A suppressed init is inside it."""
        running = self._running
        if running is not None and running.started == 0.0:
            running.started = self._state.deadline - self._state.timeout
            self._journal.start(running.invocation.request_id)

    def _request_id(self) -> str:
        running = self._running or self._unreported
        return running.invocation.request_id if running else ""

    # --- answers

    def _answer_response(self) -> None:
        payload, error = self._response
        self._response = (b"", None)
        self._finish(payload, error)

    def _answer_early(self) -> None:
        running, self._running = self._running, None
        assert running is not None
        self._unreported = running
        payload, error = self._response
        self._response = (b"", None)
        running.failed = error is not None
        running.answer(Outcome(payload, error, self._journal.so_far()))

    def _answer_timeout(self) -> None:
        seconds = self._log_timeout()
        self._finish(errors.timeout_payload(self._request_id(), seconds), UNHANDLED, "timeout")

    def _answer_init_error(self) -> None:
        error_type, payload = self._failure
        self._finish(payload, UNHANDLED, "error", error_type)

    def _answer_exit(self) -> None:
        cause = self._log_exit()
        self._finish(
            errors.exit_payload(self._request_id(), *cause), UNHANDLED, "error", self._failure[0] or errors.EXITED
        )

    def _answer_extension(self) -> None:
        error_type, reason = self._log_extension_failure()
        self._finish(errors.extension_payload(self._request_id(), error_type, reason), UNHANDLED, "error", error_type)

    def _answer_restore(self, timed_out: bool) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.over()
            running.answer(RestoreFailed(timed_out))

    def _answer_gone(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.over()
            running.answer(EnvironmentFailed(f"environment {self._journal.stream} could not be started"))

    def _log_timeout(self) -> float:
        seconds = float(self.function.timeout)
        self._begin_invocation()
        self._journal.timed_out(self._request_id(), seconds)
        return seconds

    def _log_exit(self) -> tuple[int | None, int | None, bool]:
        status, self._exit = self._exit, ExitStatus()
        cause = (status.code, status.signal, status.out_of_memory)
        self._begin_invocation()
        self._journal.failed(self._request_id(), errors.exit_reason(*cause))
        return cause

    def _log_extension_failure(self) -> tuple[str, str]:
        error_type, reason = self._extension_failure
        self._begin_invocation()
        self._journal.failed(self._request_id(), f"{reason}\n{error_type}")
        return error_type, reason

    def _finish(self, payload: bytes, error: str | None, status: str = "", error_type: str = "") -> None:
        running = self._running
        if running is None:
            return
        self._begin_invocation()
        self._running = None
        running.failed = error is not None
        tail = self._close_invocation(running, status, error_type)
        running.over()
        running.answer(Outcome(payload, error, tail))

    def _close_invocation(self, running: _Running, status: str, error_type: str) -> bytes:
        """The END and REPORT lines; answers the end of the log."""
        # AWS reports an invocation that timed out with its timeout, not with what it took to find out.
        now = self._clock.monotonic()
        seconds = self._state.timeout if status == "timeout" else now - running.started
        self._measure(running.invocation.function_arn, seconds * 1000, running.failed)
        init_ms = self._init_ms()
        figures = Report(
            request_id=running.invocation.request_id,
            duration_ms=seconds * 1000,
            memory_mb=self.function.memory,
            max_memory_mb=self._max_memory_mb(now),
            init_ms=None if self._restored else init_ms,
            restore_ms=init_ms if self._restored else None,
            billed_restore_ms=ceil(init_ms or 0.0) if self._restored else 0,
            status=status,
            error_type=error_type,
        )
        return self._journal.end(figures, running.produced, self._spans(running, now))

    def _spans(self, running: _Running, now: float) -> tuple[Span, ...]:
        """What the runtime's part of the invocation was made of; a response counts when it is there whole."""
        if not running.responded:
            return ()
        began = self._clock.wall() * 1000 - (now - running.started) * 1000
        latency, overhead = (running.responded - running.started) * 1000, (now - running.responded) * 1000
        return (
            Span("responseLatency", began, latency),
            Span("responseDuration", began + latency, 0.0),
            Span("runtimeOverhead", began + latency, overhead),
        )

    # --- of an invocation that was answered while extensions still worked on it

    def _runtime_done(self, running: _Running) -> None:
        now = self._clock.monotonic()
        done = ((now - running.started) * 1000, running.produced)
        self._journal.runtime_done(running.invocation.request_id, *done, spans=self._spans(running, now))

    def _report_late(self, status: str = "", error_type: str = "") -> None:
        running, self._unreported = self._unreported, None
        if running is not None:
            self._close_invocation(running, status, error_type)
            running.over()

    def _report_response(self) -> None:
        self._report_late()

    def _report_timeout(self) -> None:
        self._log_timeout()
        self._report_late("timeout")

    def _report_exit(self) -> None:
        self._log_exit()
        self._report_late("error", self._failure[0] or errors.EXITED)

    def _report_extension(self) -> None:
        error_type, _ = self._log_extension_failure()
        self._report_late("error", error_type)

    def _init_ms(self) -> float | None:
        """The Init (or Restore) Duration, which the first invocation carries if that phase ended well."""
        first, self._first = self._first, False
        seconds = self._state.init_seconds
        return seconds * 1000 if first and seconds > 0 else None

    def _max_memory_mb(self, now: float) -> int:
        """The peak, read again when the last reading is older than `PEAK_SECONDS`."""
        peak, read = self._peak
        if now - read > PEAK_SECONDS and self._launched is not None:
            peak = self._launched.peak_bytes()
            self._peak = (peak, now)
        return min(megabytes(peak), self.function.memory)

    # --- reports of Init phases

    def _init_phase(self) -> str:
        return "init" if self._state.phase in (Phase.INIT, Phase.EXTENSION_INIT) else "invoke"

    def _report_init(self, phase: str = "init", status: str = "success", error_type: str = "") -> None:
        self._end_init()
        self._journal.init_report(self._clock.monotonic() - self._state.init_started, phase, status, error_type)

    def _report_restore(self, status: str = "success", error_type: str = "") -> None:
        self._end_init()
        self._journal.restore_report(self._clock.monotonic() - self._state.init_started, status, error_type)

    def _report_restore_failure(self) -> None:
        self._report_restore("error", self._failed_type())

    def _end_init(self) -> None:
        """The EXTENSION lines; nobody can subscribe to telemetry any more."""
        for one in self._extensions:
            self._journal.extension(one.name, one.state.value, one.events, one.error_type)
        if self._telemetry is not None:
            self._telemetry.turn_off()

    def _report_init_failure(self) -> None:
        self._report_init("init", "error", self._failed_type())

    def _report_reinit_failure(self) -> None:
        self._report_init("invoke", "error", self._failed_type())

    def _failed_type(self) -> str:
        return self._extension_failure[0] or self._failure[0]

    # --- between invocations, and the end

    def _offer(self) -> None:
        if not self._offered:
            self._offered = True
            self._home.offer(self)

    def _soon(self) -> None:
        self._home.soon(self)

    def _withdraw(self) -> None:
        self._home.gone(self)

    def _freeze(self) -> None:
        if self._telemetry is not None and self._telemetry.pending:
            self._spawn(self._freeze_later(self._telemetry))
        else:
            self._freeze_now()

    async def _freeze_later(self, subscribers: Telemetry) -> None:
        """Once the telemetry of the last invocation has been delivered."""
        await subscribers.flush()
        if self._state.phase is Phase.FROZEN:
            self._freeze_now()

    def _freeze_now(self) -> None:
        if self._launched is not None:
            self._journal.flush()
            self._launched.sandbox.freeze()
        if self._telemetry is not None:
            self._telemetry.freeze()

    def _thaw(self) -> None:
        if self._launched is not None:
            self._launched.sandbox.thaw()
        if self._telemetry is not None:
            self._telemetry.thaw()

    def _destroy(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._home.gone(self)
        self._process = None
        self._external.forget()
        self._spawn(self._close())

    async def _close(self) -> None:
        if self._preparing is not None:  # it was given up while its sandbox was made
            await asyncio.wait([self._preparing])
        # First, so that what a runtime says about losing its Runtime API is in no log.
        if self._telemetry is not None:
            self._telemetry.close()
        self._journal.close()
        launched, self._launched = self._launched, None
        try:
            if launched is not None:
                await launched.destroy()
        finally:
            self._home.ended(self)


def _new_id() -> str:
    return str(uuid.uuid4())


_TELEMETRY_PATHS = tuple(path.encode() for path in telemetry.PATHS)

EFFECTS: dict[Effect, Callable[[Environment], None]] = {
    Effect.DELIVER: Environment._deliver,
    Effect.ANSWER_RESPONSE: Environment._answer_response,
    Effect.ANSWER_EARLY: Environment._answer_early,
    Effect.ANSWER_TIMEOUT: Environment._answer_timeout,
    Effect.ANSWER_INIT_ERROR: Environment._answer_init_error,
    Effect.ANSWER_EXIT: Environment._answer_exit,
    Effect.ANSWER_EXTENSION: Environment._answer_extension,
    Effect.ANSWER_RESTORE_ERROR: functools.partial(Environment._answer_restore, timed_out=False),
    Effect.ANSWER_RESTORE_TIMEOUT: functools.partial(Environment._answer_restore, timed_out=True),
    Effect.ANSWER_GONE: Environment._answer_gone,
    Effect.REPORT_RESPONSE: Environment._report_response,
    Effect.REPORT_TIMEOUT: Environment._report_timeout,
    Effect.REPORT_EXIT: Environment._report_exit,
    Effect.REPORT_EXTENSION: Environment._report_extension,
    Effect.REPORT_INIT: Environment._report_init,
    Effect.REPORT_REINIT: functools.partial(Environment._report_init, phase="invoke"),
    Effect.REPORT_RESTORE: Environment._report_restore,
    Effect.REPORT_RESTORE_FAILURE: Environment._report_restore_failure,
    Effect.REPORT_RESTORE_TIMEOUT: functools.partial(Environment._report_restore, status="timeout"),
    Effect.REPORT_INIT_FAILURE: Environment._report_init_failure,
    Effect.REPORT_INIT_TIMEOUT: functools.partial(Environment._report_init, phase="init", status="timeout"),
    Effect.REPORT_REINIT_FAILURE: Environment._report_reinit_failure,
    Effect.REPORT_REINIT_TIMEOUT: functools.partial(Environment._report_init, phase="invoke", status="timeout"),
    Effect.PREPARE: Environment._prepare,
    Effect.START_EXTENSIONS: Environment._start_extensions,
    Effect.START_RUNTIME: Environment._start_runtime,
    Effect.TERMINATE_RUNTIME: Environment._terminate_runtime,
    Effect.KILL_RUNTIME: Environment._kill_runtime,
    Effect.SHUTDOWN_EXTENSIONS: Environment._shutdown_extensions,
    Effect.KILL_ALL: Environment._kill_all,
    Effect.ARM: Environment._arm,
    Effect.DISARM: Environment._disarm,
    Effect.OFFER: Environment._offer,
    Effect.SOON: Environment._soon,
    Effect.WITHDRAW: Environment._withdraw,
    Effect.FREEZE: Environment._freeze,
    Effect.THAW: Environment._thaw,
    Effect.DESTROY: Environment._destroy,
}
