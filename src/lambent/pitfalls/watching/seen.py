"""What was seen of a function: its runs as its log tells them, and the calls that its code made.

Pure. A log is fed as it comes, stream by stream: Lambda's own lines (Text or JSON, see
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html) begin and end a run, all others
belong to the run at hand. Nothing but logs and the trail of calls is needed, so that watching costs an invocation
nothing.
"""

import json
import re
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

RUNS, CALLS, LINES, RESTS = 2_000, 20_000, 200, 100
"""How many runs and calls of a function are looked at, lines of a run, looks at an environment: the latest."""
CLOCK_MS = 10
"""By how much the time of a file may be behind: the kernel's clock for it ticks every few milliseconds."""
_START = re.compile(r"START RequestId: (\S+) Version: (\S+)")
_REPORT = re.compile(r"REPORT RequestId: (\S+)\t(.*)", re.DOTALL)
_FIGURE = re.compile(r"(Duration|Billed Duration|Memory Size|Max Memory Used|Init Duration): ([\d.]+) (?:ms|MB)")
_STATUS = re.compile(r"Status: (\w+)(?:\tError Type: (\S+))?")
_INIT = re.compile(r"INIT_REPORT Init Duration: ([\d.]+) ms\tPhase: (\w+)\tStatus: (\w+)")
HEAP = "LAMBENT_HEAP "
"""What begins a line of `runtimes/inside/lambent_heap.py`: the variables that have grown, with their entries."""
_OWN = (
    "INIT_START",
    "END RequestId",
    "EXTENSION\t",
    "XRAY TraceId",
    "RESTORE_",
    "TELEMETRY\t",
    "LOGS\t",
    "LOGS_DROPPED",
)
_TRACE = re.compile(r'File "/var/task/([^"]+)", line (\d+)')
_NODE = re.compile(r"\(?(?:file://)?/var/task/([^\s():]+):(\d+):\d+\)?")


@dataclass(slots=True)
class Run:
    """One invocation on one environment. Durations in ms, memory in MB; `began`, `ended` are ms since 1970."""

    request_id: str
    stream: str
    began: int = 0
    ended: int = 0
    duration: float = 0.0
    billed: float = 0.0
    memory: int = 0
    used: int = 0
    init: float | None = None
    status: str = ""
    error_type: str = ""
    size: int = 0
    """Bytes that its code wrote into the log."""
    lines: list[str] = field(default_factory=list)

    @property
    def place(self) -> tuple[str, int] | None:
        """Where its code stood when an error was logged: the innermost line of the function's own."""
        for line in reversed(self.lines):
            found = _TRACE.findall(line)
            if found:
                return found[-1][0], int(found[-1][1])
            node = _NODE.search(line)
            if node:
                return node[1], int(node[2])
        return None


@dataclass(frozen=True, slots=True)
class Call:
    """A request to a service of AWS's that came out of an environment. `digest` stands for all that it asked."""

    environment: str
    trace: str
    service: str
    operation: str
    params: Mapping[str, Any]
    digest: str
    error: str
    reads: bool
    at: float
    connection: int = 0
    """Which one it came on, by its number; 0 is unknown."""

    @property
    def name(self) -> str:
        """`dynamodb:PutItem`."""
        return f"{self.service}:{self.operation}"


@dataclass(frozen=True, slots=True)
class File:
    """One in the /tmp of an environment; `written` and `read` (last) are ms since 1970."""

    name: str
    size: int
    written: float
    read: float


@dataclass(frozen=True, slots=True)
class Rest:
    """An environment between two invocations, after so many `runs` that were seen of it. None: unknown."""

    runs: int
    tmp_bytes: int | None
    files: tuple[File, ...] = ()
    threads: int | None = None
    descriptors: int | None = None


@dataclass(slots=True)
class Seen:
    """A function and what was seen of it. `about` is its configuration, as GetFunctionConfiguration answers."""

    name: str
    about: Mapping[str, Any] = field(default_factory=dict)
    runs: deque[Run] = field(default_factory=lambda: deque(maxlen=RUNS))
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=CALLS))
    starts: dict[str, int] = field(default_factory=dict)
    """Request id -> how often it began."""
    failed_inits: list[tuple[str, float, str]] = field(default_factory=list)
    """(stream, ms, status) of Init phases that did not end well."""
    loose: list[tuple[str, str]] = field(default_factory=list)
    """(request id of the run before, line): written when no invocation ran."""
    at_hand: dict[str, Run] = field(default_factory=dict)
    """Stream -> the run that has begun and not ended."""
    grown: dict[tuple[str, str], list[tuple[int, int]]] = field(default_factory=dict)
    """(environment, `module.name`) -> after how many runs a variable had more entries than ever, and how many."""
    before: dict[str, Run] = field(default_factory=dict)
    throttles: int = 0
    neighbour: tuple[str, int] | None = None
    """The other function that ran most often at once, and how often that was."""
    rests: dict[str, list[Rest]] = field(default_factory=dict)
    """Stream -> what its environment was like when it had nothing to do."""
    queues: Sequence[Mapping[str, Any]] = ()
    """Attributes of the queues that drive it, each with `Dead` (attributes of its dead-letter queue) if it has one."""
    _ended: dict[str, tuple[list[int], list[Run]]] = field(default_factory=dict)
    """Stream -> when its latest runs ended, and the runs."""

    @property
    def timeout(self) -> float:
        """Of the function, in ms."""
        return float(self.about.get("Timeout", 3)) * 1000

    def feed(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Events of its log group (logStreamName, timestamp, message), the oldest first."""
        for event in events:
            self._line(str(event["logStreamName"]), int(event["timestamp"]), str(event["message"]))

    def add_calls(self, calls: Iterable[Mapping[str, Any]]) -> None:
        """Records of the page of calls."""
        self.calls.extend(
            Call(**{name: one[name] for name in Call.__dataclass_fields__ if name in one}) for one in calls
        )

    def add_rest(self, said: Mapping[str, Any]) -> None:
        """An entry of the page of environments."""
        stream = str(said["stream"])
        runs = sum(run.stream == stream for run in self.runs)
        files = tuple(File(**one) for one in said["files"])
        rest = Rest(runs, said["tmp_bytes"], files, said["threads"], said["descriptors"])
        kept = self.rests.setdefault(stream, [])
        if not kept or kept[-1] != rest:
            kept.append(rest)
            del kept[1:-RESTS]

    def run_at(self, stream: str, moment: float) -> Run | None:
        """The run of an environment in which something was done, at that many ms since 1970."""
        ends, runs = self._ended.get(stream, ([], []))
        at = bisect_left(ends, moment - 1)
        return runs[at] if at < len(runs) and runs[at].began - CLOCK_MS <= moment else None

    def _ends(self, run: Run) -> None:
        """A run has ended: those of an environment end one after the other."""
        self.runs.append(run)
        ends, runs = self._ended.setdefault(run.stream, ([], []))
        ends.append(run.ended)
        runs.append(run)
        if len(runs) > 2 * RUNS:
            del ends[:RUNS], runs[:RUNS]

    def _line(self, stream: str, at: int, message: str) -> None:
        said = platform(message)
        if said is not None:
            self._platform(stream, at, *said)
            return
        if message.startswith(_OWN):
            return
        if message.startswith(HEAP):
            self._grown(stream, message[len(HEAP) :])
            return
        run = self.at_hand.get(stream)
        if run is not None:
            run.size += len(message.encode())
            if len(run.lines) < LINES:
                run.lines.append(message.rstrip("\n"))
        elif stream in self.before and not self.before[stream].status and len(self.loose) < RUNS:
            self.loose.append((self.before[stream].request_id, message.rstrip("\n")))

    def _grown(self, stream: str, said: str) -> None:
        try:
            found = {str(name): int(count) for name, count in json.loads(said).items()}
        except (ValueError, AttributeError, TypeError):
            return
        runs = sum(run.stream == stream for run in self.runs)
        for name, count in found.items():
            looks = self.grown.setdefault((stream, name), [])
            looks.append((runs, count))
            del looks[1:-RESTS]

    def _platform(self, stream: str, at: int, kind: str, said: Mapping[str, Any]) -> None:
        if kind == "start":
            self.at_hand[stream] = Run(said["id"], stream, at)
            self.starts[said["id"]] = self.starts.get(said["id"], 0) + 1
        elif kind == "report":
            run = self.at_hand.pop(stream, None) or Run(said["id"], stream, at)
            run.ended = at
            for name, value in said.items():
                if name != "id":
                    setattr(run, name, value)
            self._ends(run)
            self.before[stream] = run
        elif kind == "init" and said["status"] != "success":
            self.failed_inits.append((stream, said["ms"], said["status"]))


def platform(message: str) -> tuple[str, dict[str, Any]] | None:
    """What a line of Lambda's own says of a run: ("start" | "report" | "init", its figures). None for other lines."""
    if message.startswith("START RequestId: ") and (found := _START.match(message)):
        return "start", {"id": found[1]}
    if message.startswith("REPORT RequestId: ") and (found := _REPORT.match(message)):
        return "report", {"id": found[1], **_figures(found[2])}
    if message.startswith("INIT_REPORT ") and (found := _INIT.match(message)):
        return "init", {"ms": float(found[1]), "status": found[3]}
    return _json(message) if message.startswith('{"time":') and '"type":"platform.' in message else None


_FIGURES = {
    "Duration": "duration", "Billed Duration": "billed", "Memory Size": "memory", "Max Memory Used": "used",
    "Init Duration": "init",
}  # fmt: skip


def _figures(text: str) -> dict[str, Any]:
    figures: dict[str, Any] = {_FIGURES[name]: float(value) for name, value in _FIGURE.findall(text)}
    status = _STATUS.search(text)
    if status is not None:
        figures |= {"status": status[1], "error_type": status[2] or ""}
    return figures


def _json(message: str) -> tuple[str, dict[str, Any]] | None:
    try:
        said = json.loads(message)
        kind, record = said["type"], said["record"]
        if kind == "platform.start":
            return "start", {"id": record["requestId"]}
        if kind == "platform.initReport":
            return "init", {"ms": record["metrics"]["durationMs"], "status": record.get("status", "success")}
        if kind != "platform.report":
            return "other", {}
        metrics, status = record["metrics"], record.get("status", "success")
    except (ValueError, KeyError, TypeError):
        return None
    names = {
        "durationMs": "duration", "billedDurationMs": "billed", "memorySizeMB": "memory", "maxMemoryUsedMB": "used",
        "initDurationMs": "init",
    }  # fmt: skip
    figures = {names[name]: value for name, value in metrics.items() if name in names}
    told = {"status": "" if status == "success" else status, "error_type": record.get("errorType", "")}
    return "report", {"id": record["requestId"], **figures, **told}
