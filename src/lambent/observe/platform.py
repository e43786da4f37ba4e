"""The events that Lambda itself reports: as log lines (Text), as log events (JSON) and as telemetry.

Pure. An event is a value with three members: `kind` is its type in JSON, `record()` its record there, and `text()`
its line in the Text log format with the newline at its end, None where Text has no line. `severity` is its system log
level; "" for events that a log group in JSON does not get.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html (records),
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html (levels),
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-logs-api.html (end, fault, logsSubscription); the order of
members is that of AWS's logs.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import orjson

from lambent.observe import report
from lambent.observe.report import Report, Tracing, timestamp

SUCCESS = "success"
Record = dict[str, Any] | str


class Event(Protocol):
    """What this module describes."""

    @property
    def kind(self) -> str: ...

    @property
    def severity(self) -> str: ...

    def record(self) -> Record: ...

    def text(self) -> str | None: ...


def json_line(epoch_ms: int, event: Event) -> str:
    """The event as a log group in JSON gets it, without a newline."""
    return orjson.dumps({"time": timestamp(epoch_ms), "type": event.kind, "record": event.record()}).decode()


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a phase: when it began (milliseconds since 1970) and how long it took."""

    name: str
    start_ms: float
    duration_ms: float

    def record(self) -> dict[str, Any]:
        """As AWS writes it."""
        return {"name": self.name, "start": timestamp(int(self.start_ms)), "durationMs": round(self.duration_ms, 3)}


@dataclass(frozen=True, slots=True)
class Origin:
    """What an environment was made of: the same for all events of its beginning."""

    function: str
    version: str
    runtime_version: str
    runtime_version_arn: str
    instance: str
    """The name of its log stream, as AWS has it."""
    memory_bytes: int

    def record(self) -> dict[str, Any]:
        """A runtime of the user's has neither version nor ARN."""
        runtime = {"runtimeVersion": self.runtime_version, "runtimeVersionArn": self.runtime_version_arn}
        return {
            **(runtime if self.runtime_version else {}),
            "functionName": self.function,
            "functionVersion": self.version,
            "instanceId": self.instance,
            "instanceMaxMemory": self.memory_bytes,
        }

    @property
    def severity(self) -> str:
        """Of an event whose news is the runtime's version."""
        return "INFO" if self.runtime_version else "DEBUG"


@dataclass(frozen=True, slots=True)
class InitStart:
    """An Init phase begins. `initialization` is "on-demand", "provisioned-concurrency" or "snap-start", `phase` "init",
    "invoke" or "snap-start"."""

    origin: Origin
    initialization: str
    phase: str
    kind: ClassVar[str] = "platform.initStart"

    @property
    def severity(self) -> str:
        return self.origin.severity

    def record(self) -> Record:
        return {"initializationType": self.initialization, "phase": self.phase, **self.origin.record()}

    def text(self) -> str | None:
        """Said once in Text: not when the runtime starts again inside an invocation."""
        origin = self.origin
        if not origin.runtime_version or self.phase == "invoke":
            return None
        return report.init_start(origin.runtime_version, origin.runtime_version_arn)


@dataclass(frozen=True, slots=True)
class InitRuntimeDone:
    """The runtime has, or has not, got through its Init phase."""

    initialization: str
    phase: str
    status: str
    error_type: str = ""
    kind: ClassVar[str] = "platform.initRuntimeDone"

    @property
    def severity(self) -> str:
        return _unless_well(self.status, "DEBUG")

    def record(self) -> Record:
        return _init(self.initialization, self.phase, self.status, self.error_type)

    def text(self) -> str | None:
        return None


@dataclass(frozen=True, slots=True)
class InitReport:
    """An Init phase is over, extensions and all."""

    initialization: str
    phase: str
    status: str
    duration_ms: float
    error_type: str = ""
    kind: ClassVar[str] = "platform.initReport"

    @property
    def severity(self) -> str:
        return _unless_well(self.status, "DEBUG" if self.initialization == "on-demand" else "INFO")

    def record(self) -> Record:
        record = _init(self.initialization, self.phase, self.status, self.error_type)
        return record | {"metrics": {"durationMs": round(self.duration_ms, 3)}}

    def text(self) -> str | None:
        """A log group in Text hears of what an invocation's REPORT does not tell: of failures, and of environments
        that were made ahead."""
        if self.status == SUCCESS and self.initialization == "on-demand":
            return None
        return report.init_report(self.duration_ms, self.phase, self.status, self.error_type)


@dataclass(frozen=True, slots=True)
class RestoreStart:
    """An environment is made of a snapshot."""

    origin: Origin
    kind: ClassVar[str] = "platform.restoreStart"

    @property
    def severity(self) -> str:
        return self.origin.severity

    def record(self) -> Record:
        return self.origin.record()

    def text(self) -> str | None:
        return report.restore_start(self.origin.runtime_version, self.origin.runtime_version_arn)


@dataclass(frozen=True, slots=True)
class RestoreRuntimeDone:
    """The restored runtime's hooks have run."""

    status: str
    error_type: str = ""
    kind: ClassVar[str] = "platform.restoreRuntimeDone"

    @property
    def severity(self) -> str:
        return _unless_well(self.status, "DEBUG")

    def record(self) -> Record:
        return {"status": self.status, **_error(self.error_type)}

    def text(self) -> str | None:
        return None


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """The restoring is over."""

    status: str
    duration_ms: float
    error_type: str = ""
    kind: ClassVar[str] = "platform.restoreReport"

    @property
    def severity(self) -> str:
        return _unless_well(self.status, "INFO")

    def record(self) -> Record:
        metrics = {"durationMs": round(self.duration_ms, 3)}
        return {"status": self.status, **_error(self.error_type), "metrics": metrics}

    def text(self) -> str | None:
        return report.restore_report(self.duration_ms, "" if self.status == SUCCESS else self.status, self.error_type)


@dataclass(frozen=True, slots=True)
class Start:
    """An invocation begins."""

    request_id: str
    version: str
    tracing: Tracing | None = None
    kind: ClassVar[str] = "platform.start"
    severity: ClassVar[str] = "INFO"

    def record(self) -> Record:
        return {"requestId": self.request_id, "version": self.version, **_tracing(self.tracing)}

    def text(self) -> str | None:
        return report.start(self.request_id, self.version)


@dataclass(frozen=True, slots=True)
class RuntimeDone:
    """The runtime is done with an invocation. `duration_ms` is the handler's, `produced_bytes` its answer's size."""

    request_id: str
    status: str
    duration_ms: float
    produced_bytes: int
    error_type: str = ""
    spans: tuple[Span, ...] = ()
    tracing: Tracing | None = None
    kind: ClassVar[str] = "platform.runtimeDone"

    @property
    def severity(self) -> str:
        return _unless_well(self.status, "DEBUG")

    def record(self) -> Record:
        return {
            "requestId": self.request_id,
            "status": self.status,
            **_error(self.error_type),
            **_tracing(self.tracing),
            **_spans(self.spans),
            "metrics": {"durationMs": round(self.duration_ms, 3), "producedBytes": self.produced_bytes},
        }

    def text(self) -> str | None:
        return None


@dataclass(frozen=True, slots=True)
class End:
    """The END line, which only Text and the Logs API have: JSON's word for it is runtimeDone."""

    request_id: str
    kind: ClassVar[str] = "platform.end"
    severity: ClassVar[str] = ""

    def record(self) -> Record:
        return {"requestId": self.request_id}

    def text(self) -> str | None:
        return report.end(self.request_id)


@dataclass(frozen=True, slots=True)
class Reported:
    """An invocation is over, extensions and all."""

    figures: Report
    spans: tuple[Span, ...] = ()
    kind: ClassVar[str] = "platform.report"

    @property
    def severity(self) -> str:
        return _unless_well(self.figures.status or SUCCESS, "INFO")

    def record(self) -> Record:
        figures = self.figures
        return {
            "requestId": figures.request_id,
            "metrics": _metrics(figures),
            **_tracing(figures.tracing),
            "status": figures.status or SUCCESS,
            **_error(figures.error_type),
            **_spans(self.spans),
        }

    def text(self) -> str | None:
        return report.report(self.figures)


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension has registered, or could not: `state` is "Ready", "Started" or "LaunchError"."""

    name: str
    state: str
    events: tuple[str, ...]
    error_type: str = ""
    kind: ClassVar[str] = "platform.extension"

    @property
    def severity(self) -> str:
        return "WARN" if self.error_type else "INFO"

    def record(self) -> Record:
        return {"name": self.name, "state": self.state, "events": list(self.events), **_error(self.error_type)}

    def text(self) -> str | None:
        return report.extension(self.name, self.state, self.events, self.error_type)


@dataclass(frozen=True, slots=True)
class Subscription:
    """An extension has subscribed to the Telemetry API, or to the Logs API (`logs`). `types` are in lower case."""

    name: str
    types: tuple[str, ...]
    logs: bool = False
    state: str = "Subscribed"
    severity: ClassVar[str] = "INFO"

    @property
    def kind(self) -> str:
        return "platform.logsSubscription" if self.logs else "platform.telemetrySubscription"

    def record(self) -> Record:
        return {"name": self.name, "state": self.state, "types": list(self.types)}

    def text(self) -> str | None:
        return report.subscription("LOGS" if self.logs else "TELEMETRY", self.name, self.state, self.types)


@dataclass(frozen=True, slots=True)
class LogsDropped:
    """Records that nobody could be given."""

    records: int
    size: int
    reason: str
    kind: ClassVar[str] = "platform.logsDropped"
    severity: ClassVar[str] = "WARN"

    def record(self) -> Record:
        return {"droppedBytes": self.size, "droppedRecords": self.records, "reason": self.reason}

    def text(self) -> str | None:
        return report.logs_dropped(self.records, self.size, self.reason)


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong, in words: a timeout, a runtime that ended. JSON tells it by the status of runtimeDone and
    report."""

    line: str
    kind: ClassVar[str] = "platform.fault"
    severity: ClassVar[str] = ""

    def record(self) -> Record:
        return self.line.rstrip("\n")

    def text(self) -> str | None:
        return self.line


def _init(initialization: str, phase: str, status: str, error_type: str) -> dict[str, Any]:
    return {"initializationType": initialization, "phase": phase, "status": status, **_error(error_type)}


def _metrics(figures: Report) -> dict[str, Any]:
    metrics: dict[str, Any] = {
        "durationMs": round(figures.duration_ms, 3),
        "billedDurationMs": figures.billed_ms,
        "memorySizeMB": figures.memory_mb,
        "maxMemoryUsedMB": figures.max_memory_mb,
    }
    if figures.init_ms is not None:
        metrics["initDurationMs"] = round(figures.init_ms, 3)
    if figures.restore_ms is not None:
        metrics["restoreDurationMs"] = round(figures.restore_ms, 3)
        metrics["billedRestoreDurationMs"] = figures.billed_restore_ms
    return metrics


def _error(error_type: str) -> dict[str, str]:
    return {"errorType": error_type} if error_type else {}


def _spans(spans: tuple[Span, ...]) -> dict[str, Any]:
    return {"spans": [span.record() for span in spans]} if spans else {}


def _tracing(tracing: Tracing | None) -> dict[str, Any]:
    if tracing is None:
        return {}
    return {"tracing": {"spanId": tracing.span_id, "type": "X-Amzn-Trace-Id", "value": tracing.value}}


def _unless_well(status: str, when_well: str) -> str:
    return when_well if status == SUCCESS else "WARN"
