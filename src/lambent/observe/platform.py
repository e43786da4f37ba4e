"""The events that Lambda itself writes into a function's log, in the JSON log format.

Pure. Each function answers one log event (a JSON object without a newline), or None when the function's
system log level keeps it out. Fields:
https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html (schema 2022-12-13); levels:
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html.
"""

from typing import Any

import orjson

from lambent.observe.report import Report, timestamp

LEVELS = {"DEBUG": 0, "INFO": 1, "WARN": 2}
"""The system log levels that can be set; INFO is the default."""


def init_start(
    epoch_ms: int, level: str, runtime_version: str, runtime_version_arn: str, function: str, version: str
) -> str | None:
    """platform.initStart, at INFO. `function` is the name, `version` "$LATEST" or a number."""
    record = {
        "initializationType": "on-demand",
        "phase": "init",
        "runtimeVersion": runtime_version,
        "runtimeVersionArn": runtime_version_arn,
        "functionName": function,
        "functionVersion": version,
    }
    return _event(epoch_ms, level, "INFO", "platform.initStart", record)


def init_runtime_done(epoch_ms: int, level: str, phase: str, status: str, error_type: str = "") -> str | None:
    """platform.initRuntimeDone, at DEBUG for success, else WARN. `status` "success", "timeout" or "error"."""
    record = _init(phase, status, error_type)
    return _event(epoch_ms, level, _severity(status, "DEBUG"), "platform.initRuntimeDone", record)


def init_report(epoch_ms: int, level: str, init_ms: float, phase: str, status: str, error_type: str = "") -> str | None:
    """platform.initReport, at DEBUG for success, else WARN. `phase` "init" or "invoke"."""
    record = _init(phase, status, error_type) | {"metrics": {"durationMs": round(init_ms, 3)}}
    return _event(epoch_ms, level, _severity(status, "DEBUG"), "platform.initReport", record)


def start(epoch_ms: int, level: str, request_id: str, version: str) -> str | None:
    """platform.start, at INFO."""
    record = {"requestId": request_id, "version": version}
    return _event(epoch_ms, level, "INFO", "platform.start", record)


def runtime_done(
    epoch_ms: int, level: str, request_id: str, duration_ms: float, produced_bytes: int, status: str = ""
) -> str | None:
    """platform.runtimeDone, at DEBUG for success, else WARN; END in the Text format."""
    record = {
        "requestId": request_id,
        "status": status or "success",
        "metrics": {"durationMs": round(duration_ms, 3), "producedBytes": produced_bytes},
    }
    return _event(epoch_ms, level, _severity(status, "DEBUG"), "platform.runtimeDone", record)


def report(epoch_ms: int, level: str, figures: Report) -> str | None:
    """platform.report, at INFO for success, else WARN."""
    metrics: dict[str, Any] = {
        "durationMs": round(figures.duration_ms, 3),
        "billedDurationMs": figures.billed_ms,
        "memorySizeMB": figures.memory_mb,
        "maxMemoryUsedMB": figures.max_memory_mb,
    }
    if figures.init_ms is not None:
        metrics["initDurationMs"] = round(figures.init_ms, 3)
    record = {"requestId": figures.request_id, "metrics": metrics, "status": figures.status or "success"}
    if figures.error_type:
        record["errorType"] = figures.error_type
    return _event(epoch_ms, level, _severity(figures.status, "INFO"), "platform.report", record)


def _init(phase: str, status: str, error_type: str) -> dict[str, Any]:
    record: dict[str, Any] = {"initializationType": "on-demand", "phase": phase, "status": status}
    return record | {"errorType": error_type} if error_type else record


def _severity(status: str, when_well: str) -> str:
    return when_well if status in ("", "success") else "WARN"


def _event(epoch_ms: int, level: str, severity: str, kind: str, record: dict[str, Any]) -> str | None:
    if LEVELS[severity] < LEVELS[level]:
        return None
    return orjson.dumps({"time": timestamp(epoch_ms), "type": kind, "record": record}).decode()
