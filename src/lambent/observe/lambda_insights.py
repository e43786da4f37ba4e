"""What Lambda Insights says of an invocation: a line in the embedded metric format.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Lambda-Insights-example-event.html (the line),
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Lambda-Insights-metrics.html (its metrics).
"""

from dataclasses import dataclass
from typing import Any

import orjson

from lambent.model import trace
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation
from lambent.observe.report import Report

GROUP = "/aws/lambda-insights"
NAMESPACE = "LambdaInsights"
UNITS = {
    "cpu_total_time": "Milliseconds",
    "memory_utilization": "Percent",
    "total_memory": "Megabytes",
    "used_memory_max": "Megabytes",
    "rx_bytes": "Bytes",
    "tx_bytes": "Bytes",
    "total_network": "Bytes",
    "tmp_used": "Bytes",
    "tmp_free": "Bytes",
}
COLD_UNITS = UNITS | {"init_duration": "Milliseconds"}
VERSION = "lambent"
"""Stands for that of AWS's agent."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What an invocation used of its environment: milliseconds, bytes, and what is open at its end."""

    user_ms: int
    system_ms: int
    received: int
    sent: int
    tmp_bytes: int
    tmp_free: int
    descriptors: int
    threads: int


def line(function: FunctionVersion, invocation: Invocation, figures: Report, spent: Spent, now_ms: int) -> str:
    """The line of an invocation; without what it was about to name (`trace_id`) where there was none."""
    said = _figures(function, invocation, figures) | _used(figures, spent)
    units = COLD_UNITS if "init_duration" in said else UNITS
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [["function_name"], ["function_name", "version"]],
        "Metrics": [{"Name": name, "Unit": unit} for name, unit in units.items()],
    }
    about = {"Timestamp": now_ms, "CloudWatchMetrics": [directive], "LambdaInsights": {"ShareTelemetry": True}}
    return orjson.dumps({"_aws": about, **said}).decode()


def _figures(function: FunctionVersion, invocation: Invocation, figures: Report) -> dict[str, Any]:
    init = figures.init_ms if figures.restore_ms is None else figures.restore_ms
    said: dict[str, Any] = {
        "event_type": "performance",
        "function_name": function.name,
        "version": function.version,
        "request_id": invocation.request_id,
        "trace_id": trace.root_in(invocation.trace_id),
        "duration": round(figures.duration_ms),
        "billed_duration": figures.billed_ms,
        "billed_mb_ms": figures.billed_ms * figures.memory_mb,
        "cold_start": init is not None,
    }
    if init is not None:
        said["init_duration"] = round(init)
    if figures.status == "timeout":
        said |= {"timeout": True, "shutdown_reason": "Timeout"}
    elif figures.status:
        said["shutdown_reason"] = "Failure"
    return said


def _used(figures: Report, spent: Spent) -> dict[str, Any]:
    return {
        "total_memory": figures.memory_mb,
        "used_memory_max": figures.max_memory_mb,
        "memory_utilization": round(100 * figures.max_memory_mb / figures.memory_mb),
        "cpu_user_time": spent.user_ms,
        "cpu_system_time": spent.system_ms,
        "cpu_total_time": spent.user_ms + spent.system_ms,
        "rx_bytes": spent.received,
        "tx_bytes": spent.sent,
        "total_network": spent.received + spent.sent,
        "tmp_max": spent.tmp_bytes,
        "tmp_free": spent.tmp_free,
        "tmp_used": max(spent.tmp_bytes - spent.tmp_free, 0),
        "fd_use": spent.descriptors,
        "threads_max": spent.threads,
        "agent_version": VERSION,
    }
