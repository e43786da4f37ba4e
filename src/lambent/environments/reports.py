"""What is said of an environment's Init phases and invocations: its log lines, their figures, and the answers."""

from collections.abc import Callable, Iterable
from math import ceil

from lambent.engine import environment as engine
from lambent.engine.environment import Cause, Failure, ReportInit, Stage, Status
from lambent.environments.performance import Performance
from lambent.environments.running import Clocks, EnvironmentFailed, Running
from lambent.model.finding import Finding
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation, Outcome, RestoreFailed
from lambent.model.prices import SNAPSHOTS_BILLED
from lambent.observe.journal import Journal
from lambent.observe.lambda_metrics import RESTORED
from lambent.observe.platform import Span
from lambent.observe.report import Report, megabytes
from lambent.observe.tracing import Ended
from lambent.runtime_api import errors
from lambent.runtime_api.extensions import Extension

UNHANDLED = "Unhandled"
NEAR_BYTES = 5 << 20
"""From there on what goes in or out is near its limit."""
PEAK_SECONDS = 0.1
SHORT_SECONDS = 0.005
"""The Max Memory Used of an invocation that is shorter than this may miss what was added since the last reading, which
is as old as `PEAK_SECONDS` at most: a reading costs as much as a tenth of an invocation."""

Measure = Callable[[str, float, bool, str, int, int], None]
"""Of which ARN an invocation was, how many milliseconds it took, whether it failed, and the version that ran; whole
milliseconds that are billed, and of how many megabytes."""
Count = Callable[[str, float], None]
"""What is billed beside invocations, and how much of it."""
Trace = Callable[[Ended], None]
"""Takes what is known of an invocation that is recorded in a trace."""


class Reports:
    """Of one environment. `peak_bytes` reads the most memory that it has used; None when there is nothing to read.

    `trace` takes what X-Ray is told. `running` is the invocation at hand, `unreported` one that was answered while
    extensions still work on it. `performance` is there where Lambda Insights is on.
    """

    def __init__(
        self,
        function: FunctionVersion,
        journal: Journal,
        clock: Clocks,
        measure: Measure,
        peak_bytes: Callable[[], int | None],
        trace: Trace = lambda _ended: None,
        performance: Performance | None = None,
        count: Count = lambda _what, _much: None,
    ) -> None:
        self._function = function
        self._journal = journal
        self._clock = clock
        self._measure = measure
        self._peak_bytes = peak_bytes
        self._trace = trace
        self._performance = performance
        self._count = count
        self.running: Running | None = None
        self.unreported: Running | None = None
        self._peak = (0, float("-inf"))
        self._initialising = self._restored = False
        self._init_seconds: float | None = None
        self._init_over = 0.0

    @property
    def request_id(self) -> str:
        """Of the invocation at hand, or of the one before; "" when there is none."""
        running = self.running or self.unreported
        return running.invocation.request_id if running else ""

    # --- Init phases

    def begin_init(self, version: str, arn: str, again: bool, restored: bool) -> None:
        """The INIT_START or RESTORE_START line. `version` and `arn` are the runtime's."""
        self._restored = restored
        if not again:
            begin = self._journal.restore_start if restored else self._journal.init_start
            begin(version, arn)
            return
        if self.running is not None and not self.running.waited:
            self._journal.forget()  # what was written before it came
        self._journal.init_start(version, arn, "invoke")

    def expect_runtime(self, starting: bool) -> None:
        """Whether the runtime is being started and has not asked for an invocation yet."""
        self._initialising = starting

    def runtime_asked(self, phase: str) -> None:
        """The runtime has asked for the next invocation, in an Init phase ("init" or "invoke") or after one."""
        if self._initialising:
            self._initialising = False
            if self._restored:
                self._journal.restore_runtime_done()
            else:
                self._journal.init_runtime_done(phase)
        elif self.unreported is not None:
            running, now = self.unreported, self._clock.monotonic()
            done = ((now - running.started) * 1000, running.produced)
            self._journal.runtime_done(running.invocation.request_id, *done, spans=self._spans(running, now))

    def init_ended(self, effect: ReportInit, seconds: float, extensions: Iterable[Extension]) -> None:
        """The INIT_REPORT or RESTORE_REPORT line and those of extensions; `seconds` is how long it took."""
        failure: Failure = effect.said or Failure()
        status, error_type = effect.status.value, failure.error_type
        phase = "invoke" if effect.stage is Stage.REINIT else "init"
        if self._initialising:  # it has not asked for an invocation, and won't
            self._initialising = False
            if effect.stage is Stage.RESTORE:
                self._journal.restore_runtime_done(status, error_type)
            else:
                self._journal.init_runtime_done(phase, status, error_type)
        told = effect.status is Status.SUCCESS and effect.stage is not Stage.REINIT  # by the first invocation's REPORT
        self._init_seconds = seconds if told else None
        self._init_over = self._clock.monotonic()
        if self.running is not None:
            self.running.waited = True
        for one in extensions:
            self._journal.extension(one.name, one.state.value, one.events, one.error_type)
        if effect.stage is Stage.RESTORE:
            if self._function.runtime.startswith(SNAPSHOTS_BILLED):
                self._count(RESTORED, self._function.memory)
            self._journal.restore_report(seconds, status, error_type)
        else:
            self._journal.init_report(seconds, phase, status, error_type)

    # --- an invocation

    def begin(self, began: float) -> None:
        """The START line, and the time from which the invocation counts. A suppressed init is inside it."""
        running = self.running
        if running is not None and running.started == 0.0:
            running.started = began
            if self._performance is not None:
                self._performance.begin()
            self._journal.start(running.invocation.request_id, after_init=running.waited)

    def responded(self, size: int) -> None:
        """The runtime's response of so many bytes is there."""
        if self.running is not None and (self._journal.detailed or self.running.invocation.traced is not None):
            self.running.responded, self.running.produced = self._clock.monotonic(), size

    def answer(self, effect: engine.Answer, state: engine.State) -> None:
        """What came of it, to who waits for it."""
        if effect.cause is Cause.RESPONSE:
            if effect.early:
                self._answer_early(*effect.said)
            else:
                self._finish(state, *effect.said)
        elif effect.cause in _UNSAID:
            self._answer_unsaid(effect)
        else:
            failure: Failure = effect.said or Failure()
            self._log(effect.cause, failure, state)
            payload = _PAYLOADS[effect.cause](self, failure)
            self._finish(state, payload, UNHANDLED, _STATUS[effect.cause], _error_type(effect.cause, failure))

    def report(self, effect: engine.Report, state: engine.State) -> None:
        """END and REPORT of the invocation that was answered early."""
        failure: Failure = effect.said or Failure()
        self._log(effect.cause, failure, state)
        running, self.unreported = self.unreported, None
        if running is not None:
            self._close(running, state, _STATUS[effect.cause], _error_type(effect.cause, failure))
            running.over()

    def _answer_early(self, payload: bytes, error: str | None) -> None:
        running, self.running = self.running, None
        assert running is not None
        self.unreported = running
        running.failed = error is not None
        running.answer(Outcome(payload, error, self._journal.so_far()))

    def _answer_unsaid(self, effect: engine.Answer) -> None:
        """It has not begun: no line speaks of it."""
        running, self.running = self.running, None
        if running is None:
            return
        running.over()
        if effect.cause is not Cause.GONE:
            running.answer(RestoreFailed(timed_out=effect.cause is Cause.RESTORE_TIMEOUT))
            return
        failed = EnvironmentFailed(f"environment {self._journal.stream} could not be started")
        failed.__cause__ = effect.said
        running.answer(failed)

    def _log(self, cause: Cause, failure: Failure, state: engine.State) -> None:
        """What the function's log says of how an invocation ended."""
        if cause is Cause.TIMEOUT:
            self.begin(state.began)
            self._journal.timed_out(self.request_id, float(self._function.timeout))
            return
        line = _LINES[cause](failure) if cause in _LINES else ""
        if line:
            self.begin(state.began)
            self._journal.failed(self.request_id, line)

    def _finish(
        self, state: engine.State, payload: bytes, error: str | None, status: str = "", error_type: str = ""
    ) -> None:
        running = self.running
        if running is None:
            return
        self.begin(state.began)
        self.running = None
        running.failed = error is not None
        if len(payload) > NEAR_BYTES or len(running.invocation.payload) > NEAR_BYTES:
            self._tell_of_size(running.invocation, len(payload))
        tail = self._close(running, state, status, error_type, payload if error is not None else b"")
        running.over()
        running.answer(Outcome(payload, error, tail))

    def _tell_of_size(self, invocation: Invocation, answer: int) -> None:
        """What is near the 6 MB that may be. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
        sizes = (("large-answer", "an answer", answer), ("large-event", "an event", len(invocation.payload)))
        for code, what, size in sizes:
            if size > NEAR_BYTES:
                text = f"{what} had {size / 1e6:.1f} of the 6.29 MB that may be, in request {invocation.request_id}"
                self._journal.find(Finding(code, self._function.arn, text, "put it into a bucket, and pass its key on"))

    def _close(
        self, running: Running, state: engine.State, status: str, error_type: str, error: bytes = b""
    ) -> list[str]:
        """The END and REPORT lines; answers the last messages of the log. `error` is the payload of one."""
        # AWS reports an invocation that timed out with its timeout, not with what it took to find out.
        now = self._clock.monotonic()
        seconds = state.timeout if status == "timeout" else now - running.started
        init_ms = self._take_init_ms()
        figures = Report(
            request_id=running.invocation.request_id,
            duration_ms=seconds * 1000,
            memory_mb=self._function.memory,
            max_memory_mb=self._max_memory_mb(now, running.started),
            init_ms=None if self._restored else init_ms,
            restore_ms=init_ms if self._restored else None,
            billed_restore_ms=ceil(init_ms or 0.0) if self._restored else 0,
            status=status,
            error_type=error_type,
        )
        if running.invocation.traced is not None:
            self._tell(running, now, init_ms, error)
        if self._performance is not None:
            self._performance.tell(running.invocation, figures)
        arn, version = running.invocation.function_arn, self._function.version
        self._measure(arn, seconds * 1000, running.failed, version, figures.billed_ms, self._function.memory)
        return self._journal.end(figures, running.produced, self._spans(running, now))

    def _tell(self, running: Running, now: float, init_ms: float | None, error: bytes) -> None:
        """What a trace shows of it. All clocks are read once: its parts follow one another."""
        offset = self._clock.wall() - now
        init = None
        if init_ms is not None:
            init = (offset + self._init_over - init_ms / 1000, offset + self._init_over)
        self._trace(
            Ended(
                self._function,
                running.invocation,
                offset + running.started,
                offset + now,
                offset + running.responded if running.responded else 0.0,
                init,
                self._restored,
                running.failed,
                error,
            )
        )

    def _spans(self, running: Running, now: float) -> tuple[Span, ...]:
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

    def _take_init_ms(self) -> float | None:
        """The Init (or Restore) Duration, which the first invocation carries if that phase ended well."""
        seconds, self._init_seconds = self._init_seconds, None
        return None if seconds is None else seconds * 1000

    def _max_memory_mb(self, now: float, started: float) -> int:
        """The peak, read again when the last reading is older than `PEAK_SECONDS`, or the invocation was not short."""
        peak, read = self._peak
        if now - read > PEAK_SECONDS or now - started > SHORT_SECONDS:
            found = self._peak_bytes()
            if found is not None:
                peak = found
                self._peak = (peak, now)
        return min(megabytes(peak), self._function.memory)


_UNSAID = frozenset({Cause.GONE, Cause.RESTORE_ERROR, Cause.RESTORE_TIMEOUT})

_STATUS = {
    Cause.RESPONSE: "",
    Cause.TIMEOUT: "timeout",
    Cause.INIT_ERROR: "error",
    Cause.EXIT: "error",
    Cause.EXTENSION: "error",
}
"""As the REPORT line says it."""

_LINES: dict[Cause, Callable[[Failure], str]] = {
    Cause.INIT_ERROR: lambda failure: failure.line,
    Cause.EXIT: lambda failure: errors.exit_reason(failure.code, failure.signal, failure.out_of_memory),
    Cause.EXTENSION: lambda failure: f"{failure.line}\n{failure.error_type}",
}

_PAYLOADS: dict[Cause, Callable[[Reports, Failure], bytes]] = {
    Cause.TIMEOUT: lambda one, failure: errors.timeout_payload(one.request_id, float(one._function.timeout)),
    Cause.INIT_ERROR: lambda one, failure: failure.payload,
    Cause.EXIT: lambda one, failure: errors.exit_payload(
        one.request_id, failure.code, failure.signal, failure.out_of_memory
    ),
    Cause.EXTENSION: lambda one, failure: errors.extension_payload(one.request_id, failure.error_type, failure.line),
}


def _error_type(cause: Cause, failure: Failure) -> str:
    return failure.error_type or (errors.EXITED if cause is Cause.EXIT else "")
