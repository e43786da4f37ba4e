"""What is written about one environment: its log stream, the lines of its invocations, the tail of the one at hand.

Joins the environment's pipes, the events that Lambda reports itself (Text or JSON), the stream in the log store, and
whoever listens for telemetry. An environment to which nobody listens pays nothing for it after its Init phase.
"""

import functools
from collections import deque
from collections.abc import Callable, Sequence

from lambent.model.finding import Finding
from lambent.model.function import FunctionVersion
from lambent.observe import levels, platform, report
from lambent.observe.pipes import Pipes
from lambent.observe.platform import SUCCESS, Event, Origin, Record, Span
from lambent.observe.report import Report, Tracing
from lambent.observe.tail import Tail

Write = Callable[[int, str], None]
"""The durable end of a log stream: milliseconds since 1970 and the message."""
Listen = Callable[[int, str, Record], None]
"""Who gets telemetry: milliseconds since 1970, the event's kind ("function" and "extension" for lines), its record."""

EARLY_BYTES = 1 << 20
"""Kept of an Init phase for those who begin to listen later in it; the oldest records make room."""
EVENT_BYTES = 512
"""What one of Lambda's own events is counted for there."""
SLOW_CONSUMER = "Some logs were dropped because the downstream consumer is slower than the logs production rate"
"""AWS's reason of platform.logsDropped."""


class Journal:
    """The journal of one environment of `function`. `unique` is 32 hex digits; `wall` answers seconds since 1970.

    `behind` answers whether the log store takes nothing at present; `notify` is told of lines that were dropped;
    `initialization` is "on-demand", "provisioned-concurrency" or "snap-start".
    """

    def __init__(
        self,
        function: FunctionVersion,
        unique: str,
        wall: Callable[[], float],
        open_stream: Callable[[FunctionVersion, str], Write],
        behind: Callable[[], bool] = lambda: False,
        notify: Callable[[Finding], None] = lambda finding: None,
        initialization: str = "on-demand",
    ) -> None:
        self._function = function
        self._wall = wall
        self._behind = behind
        self._notify = notify
        self._initialization = initialization
        self._json = function.log_format == "JSON"
        self._level = function.system_log_level or "INFO"
        self._filter = (function.application_log_level or "INFO") if self._json else "TRACE"
        self._tail = Tail()
        self._settled = False
        self._done = ""
        self._lost = (0, 0)
        self._listen: Listen | None = None
        self._early: _Early | None = _Early()
        self.stream = report.stream_name(self._now(), function.version, unique, _name_in_group(function))
        self._write = open_stream(function, self.stream)
        self.pipes = self._open("function")
        self._extension_pipes: Pipes | None = None

    def _now(self) -> int:
        return int(self._wall() * 1000)

    # --- what processes write

    @property
    def extension_writers(self) -> dict[int, int]:
        """Where external extensions write: their lines go into the same stream, and are their own to telemetry."""
        if self._extension_pipes is None:
            self._extension_pipes = self._open("extension")
        return {fd: write for fd, write in self._extension_pipes.writers.items() if fd <= 2}

    def _open(self, kind: str) -> Pipes:
        on_event = functools.partial(self._on_line, kind)
        return Pipes(on_event, self._wall, on_dropped=self._on_dropped, behind=self._behind)

    def _on_line(self, kind: str, epoch_ms: int, message: str) -> None:
        if self._filter == "TRACE" or kind != "function" or levels.keeps_line(self._filter, message):
            self._keep(epoch_ms, message)
        if self._listen is not None or self._early is not None:
            self._tell(epoch_ms, kind, message)

    def _on_dropped(self, records: int, size: int) -> None:
        self._publish(platform.LogsDropped(records, size, SLOW_CONSUMER))
        self._lost = (self._lost[0] + records, self._lost[1] + size)
        said = "{} log lines ({} bytes) of one environment were dropped: they came faster than logs are kept"
        self._notify(Finding("logs-dropped", self._function.arn, said.format(*self._lost), "log less"))

    def find(self, finding: Finding) -> None:
        """Report what was seen while the function ran."""
        self._notify(finding)

    def _keep(self, epoch_ms: int, message: str, in_tail: bool = True) -> None:
        self._write(epoch_ms, message)
        if in_tail:
            self._tail.add(message if message[-1:] == "\n" else message + "\n")

    def flush(self) -> None:
        """Keep what has been written by now, complete or not."""
        self.pipes.flush()
        if self._extension_pipes is not None:
            self._extension_pipes.flush()

    # --- what Lambda reports

    @property
    def detailed(self) -> bool:
        """Whether anybody gets what only telemetry and logs in JSON have."""
        return self._json or self._listen is not None

    @property
    def _plain(self) -> bool:
        """Whether an event is its line and nothing else; then the lines of a warm invocation are made without one."""
        return self._listen is None and self._early is None and not self._json

    def _publish(self, event: Event, in_tail: bool = True) -> None:
        now = self._now()
        line = self._line(now, event)
        if line is not None:
            self._keep(now, line, in_tail)
        if self._listen is not None or self._early is not None:
            self._tell(now, event.kind, event.record())

    def _line(self, now: int, event: Event) -> str | None:
        """The event in the function's log format, None if it is none of the log group's."""
        if not self._json:
            return event.text()
        severity = event.severity
        return platform.json_line(now, event) if severity and levels.keeps_system(self._level, severity) else None

    def _tell(self, now: int, kind: str, record: Record) -> None:
        if self._early is not None:
            self._early.add(now, kind, record)
        if self._listen is not None:
            self._listen(now, kind, record)

    def init_start(self, runtime_version: str, runtime_version_arn: str, phase: str = "init") -> None:
        """An Init phase begins; `runtime_version` such as "python:3.12.v1", "" for a runtime of the user's."""
        origin = self._origin(runtime_version, runtime_version_arn)
        self._publish(platform.InitStart(origin, self._initialization, phase), in_tail=False)

    def init_runtime_done(self, phase: str, status: str = SUCCESS, error_type: str = "") -> None:
        """The runtime got through its Init phase, or did not."""
        self.flush()
        self._publish(platform.InitRuntimeDone(self._initialization, phase, status, error_type))

    def init_report(self, seconds: float, phase: str, status: str = SUCCESS, error_type: str = "") -> None:
        """An Init phase has ended, with its extensions: `status` "success", "timeout" or "error"."""
        self.flush()
        self._publish(platform.InitReport(self._initialization, phase, status, seconds * 1000, error_type))

    def restore_start(self, runtime_version: str, runtime_version_arn: str) -> None:
        """The environment is made of a snapshot."""
        self._publish(platform.RestoreStart(self._origin(runtime_version, runtime_version_arn)), in_tail=False)

    def restore_runtime_done(self, status: str = SUCCESS, error_type: str = "") -> None:
        """The restored runtime has run its hooks, or failed to."""
        self.flush()
        self._publish(platform.RestoreRuntimeDone(status, error_type))

    def restore_report(self, seconds: float, status: str = SUCCESS, error_type: str = "") -> None:
        """The restoring has ended."""
        self.flush()
        self._publish(platform.RestoreReport(status, seconds * 1000, error_type))

    def extension(self, name: str, state: str, events: Sequence[str], error_type: str | None = None) -> None:
        """An extension has registered ("Ready") or could not be started ("LaunchError")."""
        self._publish(platform.Extension(name, state, tuple(events), error_type or ""))

    def subscribed(self, name: str, types: Sequence[str], logs: bool = False) -> None:
        """An extension has subscribed to the Telemetry API, or with `logs` to the Logs API."""
        self._publish(platform.Subscription(name, tuple(types), logs))

    def forget(self) -> None:
        """What has been written by now is none of the next invocation's."""
        self.flush()
        self._tail.take()

    def start(self, request_id: str, tracing: Tracing | None = None, after_init: bool = False) -> None:
        """An invocation begins. What was written before belongs to no invocation, but for what the Init phase wrote
        that it has waited for (`after_init`): its tail begins with that, INIT_START excepted."""
        if not self._settled:
            # Warm, the pipe was flushed by the end of the invocation before.
            self.flush()
            self._settled = True
            self._early = None
        if not after_init:
            self._tail.take()
        if self._plain:
            self._keep(self._now(), report.start(request_id, self._function.version))
        else:
            self._publish(platform.Start(request_id, self._function.version, tracing))

    def timed_out(self, request_id: str, seconds: float) -> None:
        """The invocation ran into its timeout."""
        self.flush()
        self._publish(platform.Fault(report.timed_out(self._now(), request_id, seconds)))

    def failed(self, request_id: str, reason: str) -> None:
        """The runtime ended under the invocation."""
        self.flush()
        self._publish(platform.Fault(report.failed(request_id, reason)))

    def runtime_done(
        self,
        request_id: str,
        duration_ms: float,
        produced_bytes: int = 0,
        status: str = SUCCESS,
        error_type: str = "",
        spans: tuple[Span, ...] = (),
        tracing: Tracing | None = None,
    ) -> None:
        """The runtime is done with the invocation; its extensions may not be. `end` says it if nobody did."""
        self.flush()
        self._done = request_id
        if self.detailed:
            done = (request_id, status, duration_ms, produced_bytes, error_type, spans, tracing)
            self._publish(platform.RuntimeDone(*done))

    def end(self, figures: Report, produced_bytes: int = 0, spans: tuple[Span, ...] = ()) -> list[str]:
        """The invocation ends: its END and REPORT lines. Answers the last messages of its log.

        `produced_bytes` and `spans` are of the runtime's part, if that has not been said yet.
        """
        if self._done == figures.request_id:
            self.flush()
        else:
            done = figures.status or SUCCESS, figures.error_type
            self.runtime_done(figures.request_id, figures.duration_ms, produced_bytes, *done, spans, figures.tracing)
        if self._plain:
            now = self._now()
            self._keep(now, report.end(figures.request_id))
            self._keep(now, report.report(figures))
        else:
            self._publish(platform.End(figures.request_id))
            self._publish(platform.Reported(figures))
        return self._tail.take()

    def so_far(self) -> list[str]:
        """The last messages of the log of an invocation that is answered before it ends."""
        self.flush()
        return self._tail.take()

    def _origin(self, runtime_version: str, runtime_version_arn: str) -> Origin:
        function = self._function
        memory = function.memory << 20
        return Origin(function.name, function.version, runtime_version, runtime_version_arn, self.stream, memory)

    # --- telemetry

    def listen(self, listener: Listen | None) -> None:
        """From now on, `listener` gets every event and line; None for nobody."""
        self._listen = listener

    def early(self) -> list[tuple[int, str, Record]]:
        """What has been reported and written since the Init phase began; nothing once it is over."""
        return list(self._early.records) if self._early is not None else []

    def reopen(self) -> None:
        """Another Init phase begins, for other processes."""
        self._settled = False
        self._early = _Early()

    def close(self) -> None:
        """Keep what the processes have written last, and give the pipes back."""
        self.pipes.close()
        if self._extension_pipes is not None:
            self._extension_pipes.close()
        self._listen = self._early = None


class _Early:
    """The latest records of an Init phase."""

    __slots__ = ("_size", "records")

    def __init__(self) -> None:
        self.records: deque[tuple[int, str, Record]] = deque()
        self._size = 0

    def add(self, now: int, kind: str, record: Record) -> None:
        """One more."""
        self.records.append((now, kind, record))
        self._size += _size(record)
        while self._size > EARLY_BYTES:
            self._size -= _size(self.records.popleft()[2])


def _size(record: Record) -> int:
    return EVENT_BYTES + (len(record) if isinstance(record, str) else 0)


def _name_in_group(function: FunctionVersion) -> str:
    """A function's name, if its log group may be that of others too."""
    return "" if function.log_group in ("", f"/aws/lambda/{function.name}") else function.name
