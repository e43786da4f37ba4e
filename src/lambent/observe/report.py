"""The lines that Lambda itself writes into a function's log, in the Text log format.

Pure. Each function answers one log event as CloudWatch keeps it, with its trailing newline. Wording, tabs
and their order: answers recorded from AWS (2023, 2025) and
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html. The JSON log format is in
`platform`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil

MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one invocation.

    `duration_ms` ends when the runtime asks for the next event. `init_ms` is set for the first invocation
    of an environment only. `status` is "" for success, else "timeout" or "error" (then with `error_type`,
    such as "Runtime.ExitError"). `init_billed` is False for dates before 1 August 2025, when AWS did not
    bill the Init phase of zip functions on managed runtimes
    (https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/).
    """

    request_id: str
    duration_ms: float
    memory_mb: int
    max_memory_mb: int
    init_ms: float | None = None
    status: str = ""
    error_type: str = ""
    init_billed: bool = True

    @property
    def billed_ms(self) -> int:
        """Whole milliseconds, rounded up from the sum of Init and Invoke. AWS bills 1 ms at least."""
        init = self.init_ms if self.init_billed and self.init_ms else 0.0
        return max(ceil(round(self.duration_ms + init, 3)), 1)


def stream_name(epoch_ms: int, version: str, unique: str) -> str:
    """`YYYY/MM/DD/[version]unique`; the day is UTC, `unique` is 32 hex digits, new for each environment."""
    return f"{datetime.fromtimestamp(epoch_ms / 1000, UTC):%Y/%m/%d}/[{version}]{unique}"


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
    """How an Init phase that failed ended: `phase` "init" or "invoke", `status` "timeout" or "error"."""
    line = f"INIT_REPORT Init Duration: {init_ms:.2f} ms\tPhase: {phase}\tStatus: {status}"
    return f"{line}\tError Type: {error_type}\n" if error_type else line + "\n"


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
    if not figures.status:
        return line + "\n"
    line += f"Status: {figures.status}"
    return f"{line}\tError Type: {figures.error_type}\n" if figures.error_type else line + "\n"


def timed_out(epoch_ms: int, request_id: str, seconds: float) -> str:
    """The line of an invocation that ran into its timeout of `seconds`."""
    return f"{timestamp(epoch_ms)} {request_id} Task timed out after {seconds:.2f} seconds\n\n"


def failed(request_id: str, reason: str) -> str:
    """The line of an invocation whose runtime ended; `reason` such as "Runtime exited with error: exit
    status 1"."""
    return f"RequestId: {request_id} Error: {reason}\n"
