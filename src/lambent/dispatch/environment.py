"""One execution environment: carries out what `engine.environment` decides.

It owns a sandbox, the runtime's process in it, the Runtime API that the process speaks to, its pipes and its log
stream. Everything here runs on the event loop; only making and destroying the sandbox takes a task.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from lambent.dispatch.launch import Launched, Launcher, RuntimeProcess
from lambent.engine import environment as engine
from lambent.engine.environment import Effect, Event, Phase
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation, Outcome
from lambent.observe.journal import Journal
from lambent.observe.report import Report, megabytes
from lambent.runtimes import errors
from lambent.runtimes.api import RuntimeInvocation
from lambent.sandbox.spec import ExitStatus

log = logging.getLogger(__name__)

Answer = Callable[[Outcome | Exception], None]
UNHANDLED = "Unhandled"
PEAK_SECONDS = 0.01
"""Under load, the Max Memory Used of an invocation may miss what the last 10 ms added: a reading costs as much as a
tenth of an invocation."""


class Home(Protocol):
    """Where an environment reports that it is free, or gone."""

    def offer(self, environment: "Environment") -> None: ...

    def soon(self, environment: "Environment") -> None: ...

    def gone(self, environment: "Environment") -> None: ...


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
    started: float = 0.0


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
    ) -> None:
        self.function = function
        self._home = home
        self._launcher = launcher
        self._journal = journal
        self._clock = clock
        self._spawn = spawn
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0
        self._armed = False
        self._peak = (0, float("-inf"))
        self._launched: Launched | None = None
        self._process: RuntimeProcess | None = None
        self._former: RuntimeProcess | None = None
        self._running: _Running | None = None
        self._failure: tuple[str, bytes] = ("", b"")
        self._response: tuple[bytes, str | None] = (b"", None)
        self._exit = ExitStatus()
        self._attempt = 0
        self._first = self._boosted = True
        self._state, effects = engine.begin()
        self._carry_out(effects)

    @property
    def phase(self) -> Phase:
        """Where in its life this environment is."""
        return self._state.phase

    def invoke(self, invocation: Invocation, answer: Answer) -> None:
        """Run `invocation` here and call `answer` once with what came of it. The environment must be free."""
        self._running = _Running(invocation, answer)
        self._apply(Event.INVOKE, float(self.function.timeout))

    def retire(self) -> None:
        """Take no further invocation; end when the one at hand is answered."""
        self._apply(Event.RETIRE)

    # --- what the Runtime API reports

    def on_next(self) -> None:
        self._apply(Event.NEXT)

    def on_response(self, request_id: str, body: bytes, headers: dict[str, str]) -> None:
        self._response = (body, None)
        self._apply(Event.RESPONSE)

    def on_error(self, request_id: str, error_type: str, body: bytes) -> None:
        self._response = (body, UNHANDLED)
        self._apply(Event.RESPONSE)

    def on_init_error(self, error_type: str, body: bytes) -> None:
        self._failure = (error_type, body)
        self._apply(Event.INIT_ERROR)

    # --- the engine's decisions

    def _apply(self, event: Event, timeout: float = 0.0) -> None:
        try:
            self._state, effects = engine.apply(self._state, event, self._clock.monotonic(), timeout)
        except engine.IllegalTransition as illegal:
            log.warning("environment %s: %s", self._journal.stream, illegal)
            return
        self._carry_out(effects)

    def _carry_out(self, effects: engine.Effects) -> None:
        for effect in effects:
            EFFECTS[effect](self)

    def _start_runtime(self) -> None:
        self._attempt += 1
        self._spawn(self._start(self._attempt))

    async def _start(self, attempt: int) -> None:
        try:
            if self._launched is None:
                self._launched = await self._launcher.launch(self.function, self, self._journal.stream)
                self._journal.init_start(self._launched.runtime_version, self._launched.runtime_arn)
            if self._former is not None:
                await asyncio.shield(self._former.exited)
            self._apply(Event.STARTED)
            process = await self._launched.start_runtime(self._journal.pipes.writers)
        except Exception:
            log.exception("environment %s of %s could not be started", self._journal.stream, self.function.arn)
            self._apply(Event.FAILED)
            return
        if attempt != self._attempt:
            self._former = process
            process.kill()
            return
        self._process = process
        process.exited.add_done_callback(lambda _: self._on_exit(process))

    def _on_exit(self, process: RuntimeProcess) -> None:
        if process is not self._process or process.exited.cancelled():
            return
        self._process = None
        self._exit = process.exited.result()
        self._failure = (errors.EXITED, b"")
        self._apply(Event.OUT_OF_MEMORY if self._exit.out_of_memory else Event.EXITED)

    def _kill_runtime(self) -> None:
        self._attempt += 1
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            self._former = process
        if self._launched is not None:
            self._launched.api.reset()

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

    def _deliver(self) -> None:
        running, launched = self._running, self._launched
        assert running is not None and launched is not None
        if self._boosted:
            # The Init phase has all the CPU there is; the share by memory holds from the first handler on.
            launched.sandbox.throttle()
            self._boosted = False
        self._begin_invocation()
        remaining = self._state.deadline - self._clock.monotonic()
        invocation = running.invocation
        launched.api.deliver(
            RuntimeInvocation(
                invocation.request_id,
                invocation.payload,
                int((self._clock.wall() + remaining) * 1000),
                invocation.function_arn,
                invocation.trace_id,
                invocation.client_context,
                invocation.cognito_identity,
            )
        )

    def _begin_invocation(self) -> None:
        """The START line, and the time from which the invocation counts. A suppressed init is inside it."""
        running = self._running
        if running is not None and running.started == 0.0:
            running.started = self._state.deadline - self._state.timeout
            self._journal.start(running.invocation.request_id)

    def _request_id(self) -> str:
        return self._running.invocation.request_id if self._running else ""

    # --- answers

    def _answer_response(self) -> None:
        payload, error = self._response
        self._response = (b"", None)
        self._finish(payload, error)

    def _answer_timeout(self) -> None:
        seconds = float(self.function.timeout)
        self._begin_invocation()
        self._journal.timed_out(self._request_id(), seconds)
        self._finish(errors.timeout_payload(self._request_id(), seconds), UNHANDLED, "timeout")

    def _answer_init_error(self) -> None:
        error_type, payload = self._failure
        self._finish(payload, UNHANDLED, "error", error_type)

    def _answer_exit(self) -> None:
        status, self._exit = self._exit, ExitStatus()
        cause = (status.code, status.signal, status.out_of_memory)
        self._begin_invocation()
        self._journal.failed(self._request_id(), errors.exit_reason(*cause))
        self._finish(errors.exit_payload(self._request_id(), *cause), UNHANDLED, "error", errors.EXITED)

    def _answer_gone(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.answer(EnvironmentFailed(f"environment {self._journal.stream} could not be started"))

    def _finish(self, payload: bytes, error: str | None, status: str = "", error_type: str = "") -> None:
        running = self._running
        if running is None:
            return
        self._begin_invocation()
        self._running = None
        # AWS reports an invocation that timed out with its timeout, not with what it took to find out.
        now = self._clock.monotonic()
        seconds = self._state.timeout if status == "timeout" else now - running.started
        figures = Report(
            request_id=running.invocation.request_id,
            duration_ms=seconds * 1000,
            memory_mb=self.function.memory,
            max_memory_mb=self._max_memory_mb(now),
            init_ms=self._init_ms(),
            status=status,
            error_type=error_type,
        )
        running.answer(Outcome(payload, error, self._journal.end(figures)))

    def _init_ms(self) -> float | None:
        """The Init Duration, which the first invocation carries if its Init phase ended well."""
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

    # --- reports and the end

    def _report_init_failure(self) -> None:
        seconds = self._clock.monotonic() - self._state.init_started
        self._journal.init_report(seconds, "init", "error", self._failure[0])

    def _report_init_timeout(self) -> None:
        self._journal.init_report(self._clock.monotonic() - self._state.init_started, "init", "timeout")

    def _offer(self) -> None:
        self._home.offer(self)

    def _freeze(self) -> None:
        if self._launched is not None:
            self._journal.pipes.flush()
            self._launched.sandbox.freeze()

    def _thaw(self) -> None:
        if self._launched is not None:
            self._launched.sandbox.thaw()

    def _soon(self) -> None:
        self._home.soon(self)

    def _destroy(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._home.gone(self)
        self._process = None
        self._spawn(self._close())

    async def _close(self) -> None:
        # First, so that what a runtime says about losing its Runtime API is in no log.
        self._journal.close()
        launched, self._launched = self._launched, None
        if launched is not None:
            await launched.destroy()


EFFECTS: dict[Effect, Callable[[Environment], None]] = {
    Effect.DELIVER: Environment._deliver,
    Effect.ANSWER_RESPONSE: Environment._answer_response,
    Effect.ANSWER_TIMEOUT: Environment._answer_timeout,
    Effect.ANSWER_INIT_ERROR: Environment._answer_init_error,
    Effect.ANSWER_EXIT: Environment._answer_exit,
    Effect.ANSWER_GONE: Environment._answer_gone,
    Effect.REPORT_INIT_FAILURE: Environment._report_init_failure,
    Effect.REPORT_INIT_TIMEOUT: Environment._report_init_timeout,
    Effect.START_RUNTIME: Environment._start_runtime,
    Effect.KILL_RUNTIME: Environment._kill_runtime,
    Effect.ARM: Environment._arm,
    Effect.DISARM: Environment._disarm,
    Effect.OFFER: Environment._offer,
    Effect.SOON: Environment._soon,
    Effect.FREEZE: Environment._freeze,
    Effect.THAW: Environment._thaw,
    Effect.DESTROY: Environment._destroy,
}
