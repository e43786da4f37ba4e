"""The lines that Lambda itself writes into a function's log, in the Text log format.

Pure. Each function answers one log event as CloudWatch keeps it, with its trailing newline. Wording, tabs
and their order: answers recorded from AWS (2023, 2025) and
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html. The JSON log format is in
`platform`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import NamedTuple

MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Tracing:
    """An invocation that X-Ray samples: `value` is its trace header, with the function's segment as the parent."""

    value: str

    @staticmethod
    def of(header: str) -> "Tracing | None":
        """None for a header that is not sampled."""
        return Tracing(header) if _field(header, "Sampled") == "1" and _field(header, "Root") else None

    @property
    def trace_id(self) -> str:
        """Root."""
        return _field(self.value, "Root")

    @property
    def span_id(self) -> str:
        """Parent; "" if there is none."""
        return _field(self.value, "Parent")


def _field(header: str, name: str) -> str:
    fields = (part.strip().partition("=") for part in header.split(";"))
    return next((value for key, _, value in fields if key == name), "")


class Report(NamedTuple):
    """The figures of one invocation.

    `duration_ms` ends when the runtime asks for the next event. `init_ms` is set for the first invocation
    of an environment only. `status` is "" for success, else "timeout" or "error" (then with `error_type`,
    such as "Runtime.ExitError"). `init_billed` is False for dates before 1 August 2025, when AWS did not
    bill the Init phase of zip functions on managed runtimes
    (https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/). An environment
    of a snapshot has `restore_ms` instead of `init_ms`, of which only `billed_restore_ms` (whole, from the
    moment the snapshot is loaded) are billed. `tracing` is set when the function's tracing is active.
    """

    request_id: str
    duration_ms: float
    memory_mb: int
    max_memory_mb: int
    init_ms: float | None = None
    status: str = ""
    error_type: str = ""
    init_billed: bool = True
    restore_ms: float | None = None
    billed_restore_ms: int = 0
    tracing: Tracing | None = None

    @property
    def billed_ms(self) -> int:
        """Whole milliseconds, rounded up from the sum of Init or Restore and Invoke. AWS bills 1 ms at least."""
        before = self.init_ms if self.init_billed and self.init_ms else 0.0
        if self.restore_ms is not None:
            before = float(self.billed_restore_ms)
        return max(ceil(round(self.duration_ms + before, 3)), 1)


def stream_name(epoch_ms: int, version: str, unique: str, function: str = "") -> str:
    """`YYYY/MM/DD/[version]unique`; the day is UTC, `unique` is 32 hex digits, new for each environment.

    A log group that is not the function's own may be shared: there the name begins with that of the `function`
    (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html).
    """
    return f"{datetime.fromtimestamp(epoch_ms / 1000, UTC):%Y/%m/%d}/{function}[{version}]{unique}"


def timestamp(epoch_ms: int) -> str:
    """ISO 8601 with milliseconds and Z, as in all of Lambda's own lines."""
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def megabytes(size: int) -> int:
    """Bytes as whole MB (1,048,576 bytes), rounded up, at least 1."""
    return max(-(-size // MB), 1)


def init_start(runtime_version: str, runtime_version_arn: str) -> str:
    """The first line of an environment; `runtime_version` such as "python:3.12.v47"."""
    return f"INIT_START Runtime Version: {runtime_version}\tRuntime Version ARN: {runtime_version_arn}\n"


def init_report(init_ms: float, phase: str, status: str, error_type: str = "") -> str:
    """How an Init phase ended: `phase` "init" or "invoke", `status` "timeout" or "error" if it failed."""
    line = f"INIT_REPORT Init Duration: {init_ms:.2f} ms\tPhase: {phase}\tStatus: {status}"
    return f"{line}\tError Type: {error_type}\n" if error_type else line + "\n"


def restore_start(runtime_version: str, runtime_version_arn: str) -> str:
    """The first line of an environment that is made of a snapshot."""
    return f"RESTORE_START Runtime Version: {runtime_version}\tRuntime Version ARN: {runtime_version_arn}\n"


def restore_report(restore_ms: float, status: str = "", error_type: str = "") -> str:
    """How the restoring ended; `status` is "" if well, else "timeout" or "error"."""
    line = f"RESTORE_REPORT Restore Duration: {restore_ms:.2f} ms"
    line += f"\tStatus: {status}" if status else ""
    return f"{line}\tError Type: {error_type}\n" if error_type else line + "\n"


def extension(name: str, state: str, events: Sequence[str], error_type: str = "") -> str:
    """An extension has registered for `events`, or could not be started (`state` "LaunchError")."""
    line = f"EXTENSION\tName: {name}\tState: {state}\tEvents: [{', '.join(events)}]"
    return f"{line}\tError Type: {error_type}\n" if error_type else line + "\n"


def subscription(api: str, name: str, state: str, types: Sequence[str]) -> str:
    """An extension has subscribed; `api` is "TELEMETRY" or "LOGS"."""
    return f"{api}\tName: {name}\tState: {state}\tTypes: [{', '.join(one.capitalize() for one in types)}]\n"


def logs_dropped(records: int, size: int, reason: str) -> str:
    """Log lines are missing here. The wording is ours: AWS's is not documented for Text."""
    return f"LOGS_DROPPED Records: {records}\tBytes: {size}\tReason: {reason}\n"


def start(request_id: str, version: str) -> str:
    """The first line of an invocation; `version` is "$LATEST" or a number."""
    return f"START RequestId: {request_id} Version: {version}\n"


def end(request_id: str) -> str:
    """The line before REPORT."""
    return f"END RequestId: {request_id}\n"


def report(figures: Report) -> str:
    """The last line of an invocation. Each field ends with a tab, but for Status and what follows it."""
    line = (
        f"REPORT RequestId: {figures.request_id}\tDuration: {figures.duration_ms:.2f} ms\t"
        f"Billed Duration: {figures.billed_ms} ms\tMemory Size: {figures.memory_mb} MB\t"
        f"Max Memory Used: {figures.max_memory_mb} MB\t"
    )
    if figures.init_ms is not None:
        line += f"Init Duration: {figures.init_ms:.2f} ms\t"
    if figures.restore_ms is not None:
        line += f"Restore Duration: {figures.restore_ms:.2f} ms\t"
        line += f"Billed Restore Duration: {figures.billed_restore_ms} ms\t"
    if figures.status:
        line += f"Status: {figures.status}"
        line += f"\tError Type: {figures.error_type}" if figures.error_type else ""
    tracing = figures.tracing
    return line + "\n" if tracing is None else f"{line}\n{_xray(tracing)}\n"


def _xray(tracing: Tracing) -> str:
    return f"XRAY TraceId: {tracing.trace_id}\tSegmentId: {tracing.span_id}\tSampled: true\t"


def timed_out(epoch_ms: int, request_id: str, seconds: float) -> str:
    """The line of an invocation that ran into its timeout of `seconds`."""
    return f"{timestamp(epoch_ms)} {request_id} Task timed out after {seconds:.2f} seconds\n\n"


def failed(request_id: str, reason: str) -> str:
    """The line of an invocation whose runtime ended; `reason` such as "Runtime exited with error: exit
    status 1"."""
    return f"RequestId: {request_id} Error: {reason}\n"
