"""What is written about one environment: its log stream, the lines of its invocations, the tail of the one at hand.

Joins the environment's pipe, the lines that Lambda writes itself (Text or JSON) and the stream in the log store.
"""

from collections.abc import Callable

from lambent.model.function import FunctionVersion
from lambent.observe import platform, report
from lambent.observe.pipes import Pipes
from lambent.observe.report import Report
from lambent.observe.tail import Tail

Write = Callable[[int, str], None]
"""The durable end of a log stream: milliseconds since 1970 and the message."""


class Journal:
    """The journal of one environment of `function`. `unique` is 32 hex digits; `wall` answers seconds since 1970."""

    def __init__(
        self,
        function: FunctionVersion,
        unique: str,
        wall: Callable[[], float],
        open_stream: Callable[[FunctionVersion, str], Write],
    ) -> None:
        self._function = function
        self._wall = wall
        self._json = function.log_format == "JSON"
        self._level = function.system_log_level or "INFO"
        self._tail = Tail()
        self._settled = False
        self.stream = report.stream_name(self._now(), function.version, unique)
        self._write = open_stream(function, self.stream)
        self.pipes = Pipes(self._on_event, wall)

    def _now(self) -> int:
        return int(self._wall() * 1000)

    def _on_event(self, epoch_ms: int, message: str) -> None:
        self._write(epoch_ms, message)
        self._tail.add(message if message.endswith("\n") else message + "\n")

    def _line(self, text: str, event: Callable[[int, str], str | None]) -> None:
        """One of Lambda's own lines, in the function's log format."""
        now = self._now()
        line = event(now, self._level) if self._json else text
        if line is not None:
            self._on_event(now, line)

    def init_start(self, runtime_version: str, runtime_version_arn: str) -> None:
        """The environment begins; `runtime_version` such as "python:3.12.v1"."""
        function = self._function
        self._line(
            report.init_start(runtime_version, runtime_version_arn),
            lambda now, level: platform.init_start(
                now, level, runtime_version, runtime_version_arn, function.name, function.version
            ),
        )

    def init_report(self, seconds: float, phase: str, status: str, error_type: str = "") -> None:
        """An Init phase that ended badly."""
        self.pipes.flush()
        milliseconds = seconds * 1000
        self._line(
            report.init_report(milliseconds, phase, status, error_type),
            lambda now, level: platform.init_report(now, level, milliseconds, phase, status, error_type),
        )

    def start(self, request_id: str) -> None:
        """An invocation begins; what was written before belongs to the Init phase, or to no invocation."""
        if not self._settled:
            # Warm, the pipe was flushed by the end of the invocation before.
            self.pipes.flush()
            self._settled = True
        self._tail.take()
        version = self._function.version
        self._line(
            report.start(request_id, version),
            lambda now, level: platform.start(now, level, request_id, version),
        )

    def timed_out(self, request_id: str, seconds: float) -> None:
        """The invocation ran into its timeout."""
        self.pipes.flush()
        now = self._now()
        self._on_event(now, report.timed_out(now, request_id, seconds))

    def failed(self, request_id: str, reason: str) -> None:
        """The runtime ended under the invocation."""
        self.pipes.flush()
        self._on_event(self._now(), report.failed(request_id, reason))

    def end(self, figures: Report) -> bytes:
        """The invocation ends: its END and REPORT lines. Answers the last 4 KB of its log."""
        self.pipes.flush()
        request_id = figures.request_id
        self._line(
            report.end(request_id),
            lambda now, level: platform.runtime_done(now, level, request_id, figures.duration_ms, 0, figures.status),
        )
        self._line(report.report(figures), lambda now, level: platform.report(now, level, figures))
        return self._tail.take()

    def close(self) -> None:
        """Keep what the processes have written last, and give the pipe back."""
        self.pipes.close()
