"""Watchers of a function's log: times, memory, starts, what is printed."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from lambent.pitfalls.rules.SEC001_secret_in_environment import HARMLESS, NAME
from lambent.pitfalls.watching.seen import Run, Seen
from lambent.pitfalls.watching.sight import Sight, Watcher

HEADROOM, MEMORY_FULL, MEMORY_IDLE = 0.8, 0.9, 0.3
ENOUGH = 10
"""Runs that are needed before a share of them says anything."""
SLOW_INIT_MS, INIT_CAP_MS = 5_000, 10_000
COLD_SHARE, INIT_SHARE = 0.2, 0.3
LOG_BYTES, GB_PRICE = 10_000, 0.50
"""Bytes logged in a run from which they cost more than the run (128 MB, 100 ms: $0.0000002), and dollars per GB.

https://aws.amazon.com/cloudwatch/pricing/"""
GROWTH_RUNS, GROWTH_MB = 20, 4
_KEYS = re.compile(
    r"(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_\w{30,}|xox[abp]-\d[\w-]{10,}|sk_live_\w{10,}|AIza[\w-]{35}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"
)
_SAYS = (
    ("EXE009", "Event loop is closed|attached to a different loop", "an async client belongs to a loop that is gone"),
    ("EXE004", "No space left on device", "/tmp is full"),
    ("EXE010", "[Cc]oroutine.*(is not JSON serializable|was never awaited)", "the handler answers a coroutine"),
    ("PKG001", "invalid ELF header|wrong ELF class|cannot open shared object file|GLIBC_[0-9.]+' not found",
     "a native library does not fit this machine"),
    ("EXE018", "Read-only file system", "it writes where only /tmp can be written"),
    ("SEC006", "ExpiredToken|Request has expired", "a link or a key had expired"),
    ("CON008", "[Tt]oo many (clients|connections)|remaining connection slots",
     "the database takes no further connections"),
)  # fmt: skip
"""What a line says, and which pitfall that is."""


def _ids(runs: list[Run]) -> tuple[str, ...]:
    return tuple(run.request_id for run in runs)


def _timeouts(seen: Seen) -> Iterator[Sight]:
    cut = [run for run in seen.runs if run.status == "timeout"]
    if cut:
        text = f"{len(cut)} of {len(seen.runs)} invocations ran into the timeout of {seen.timeout / 1000:g} s"
        yield Sight("EXE013", text, _ids(cut), (("timeouts", len(cut)),), "error", cut[-1].place)
    near = [run for run in seen.runs if run.status == "" and run.duration > HEADROOM * seen.timeout]
    if near:
        most = max(run.duration for run in near)
        text = f"{len(near)} invocations took more than 80 % of the timeout of {seen.timeout / 1000:g} s: {most:.0f} ms"
        yield Sight("LIM005", text, _ids(near), (("max_ms", most),))


def _memory(seen: Seen) -> Iterator[Sight]:
    killed = [run for run in seen.runs if run.error_type == "Runtime.OutOfMemory"]
    if killed:
        text = f"{len(killed)} invocations were killed: they needed more than {killed[-1].memory:.0f} MB"
        yield Sight("EXE012", text, _ids(killed), (("killed", len(killed)),), "error", killed[-1].place)
    full = [run for run in seen.runs if run.memory and run not in killed and run.used > MEMORY_FULL * run.memory]
    if full:
        most = max(run.used for run in full)
        text = f"{len(full)} invocations used more than 90 % of their memory: {most:.0f} of {full[-1].memory:.0f} MB"
        yield Sight("LIM011", text, _ids(full), (("max_mb", most),))
    most = max((run.used for run in seen.runs), default=0)
    memory = max((run.memory for run in seen.runs), default=0)
    if len(seen.runs) >= ENOUGH and memory > 512 and most < MEMORY_IDLE * memory:
        text = f"{most:.0f} MB of {memory:.0f} MB were used at most in {len(seen.runs)} invocations"
        yield Sight("CST004", text, (), (("max_mb", most), ("memory_mb", memory)), "info")


def _growth(seen: Seen) -> Iterator[Sight]:
    """The peak of one environment that goes on rising while it is used: twice over the same stretch."""
    streams: dict[str, list[Run]] = defaultdict(list)
    for run in seen.runs:
        streams[run.stream].append(run)
    for runs in streams.values():
        if len(runs) < GROWTH_RUNS:
            continue
        middle, late, last = runs[len(runs) // 3].used, runs[2 * len(runs) // 3].used, runs[-1].used
        if late - middle >= GROWTH_MB and last - late >= GROWTH_MB:
            each = (last - middle) / (2 * len(runs) / 3)
            left = (runs[-1].memory - last) / each
            text = f"memory grew from {middle:.0f} to {last:.0f} MB in one environment: full in {left:.0f} invocations"
            yield Sight("EXE001", text, _ids(runs[-2:]), (("mb_per_invocation", round(each, 3)),), "error")
            return


def _starts(seen: Seen) -> Iterator[Sight]:
    slow = [run for run in seen.runs if run.init is not None and run.init >= SLOW_INIT_MS]
    cut = [one for one in seen.failed_inits if one[2] == "timeout"]
    if cut or slow:
        most = max([INIT_CAP_MS if cut else 0.0, *(run.init or 0.0 for run in slow)])
        text = f"Init took {most:.0f} ms; at {INIT_CAP_MS // 1000} s it is begun again, inside the first invocation"
        yield Sight("EXE006", text, _ids(slow), (("init_ms", most),), "error" if cut else "warning")
    cold = [run for run in seen.runs if run.init is not None]
    share = len(cold) / max(len(seen.runs), 1)
    if len(seen.runs) >= ENOUGH and share >= COLD_SHARE:
        each = sum(run.init or 0.0 for run in cold) / len(cold)
        text = (
            f"{len(cold)} of {len(seen.runs)} invocations were cold starts: who waits for one waits {each:.0f} ms more"
        )
        yield Sight("EXE016", text, _ids(cold), (("share", round(share, 2)),), "info")
    began, billed = sum(run.init or 0.0 for run in seen.runs), sum(run.billed for run in seen.runs)
    if len(seen.runs) >= ENOUGH and began > INIT_SHARE * billed:
        text = f"Init is {began / billed:.0%} of the time that is billed"
        yield Sight("CST009", text, (), (("share", round(began / billed, 2)),), "info")


def _printed(seen: Seen) -> Iterator[Sight]:
    variables = seen.about.get("Environment", {}).get("Variables", {})
    secrets = {
        value: name
        for name, value in variables.items()
        if NAME.search(name) and not HARMLESS.search(name) and len(value) >= 8
    }
    for run in seen.runs:
        for line in run.lines:
            told = next((f"the value of {name}" for value, name in secrets.items() if value in line), None)
            if told is None and _KEYS.search(line):
                told = "what has the form of a key"
            if told is not None:
                yield Sight("SEC005", f"{told} was printed", (run.request_id,), (), "error", run.place)
                return


def _volume(seen: Seen) -> Iterator[Sight]:
    total = sum(run.size for run in seen.runs)
    each = total / max(len(seen.runs), 1)
    if len(seen.runs) >= ENOUGH and each > LOG_BYTES:
        dollars = each * 1e6 / 1e9 * GB_PRICE
        text = f"{each / 1000:.0f} KB are logged in each invocation: ${dollars:.0f} per million"
        yield Sight("CST005", text, (), (("bytes", round(each)),))


def _says(seen: Seen) -> Iterator[Sight]:
    for code, words, text in _SAYS:
        runs = [run for run in seen.runs if any(re.search(words, line) for line in run.lines)]
        if runs:
            yield Sight(code, f"{text} ({len(runs)} invocations)", _ids(runs), (), "error", runs[-1].place)


def _left_behind(seen: Seen) -> Iterator[Sight]:
    if seen.loose:
        text = f"work went on after the answer, where it is frozen: {len(seen.loose)} lines between invocations"
        yield Sight("EXE011", text, tuple(dict.fromkeys(one for one, _ in seen.loose)), (("lines", len(seen.loose)),))


def _tried_again(seen: Seen) -> Iterator[Sight]:
    again = [one for one, count in seen.starts.items() if count > 1]
    if again:
        paid = sum(run.billed for run in seen.runs if run.request_id in again)
        most = max(seen.starts[one] for one in again)
        text = f"{len(again)} events ran up to {most} times: {paid:.0f} ms were billed for them"
        yield Sight("ASY001", text, tuple(again), (("billed_ms", paid),))


def _queues(seen: Seen) -> Iterator[Sight]:
    longest = max((run.duration for run in seen.runs), default=0.0)
    for one in seen.queues:
        name = one["QueueArn"].rpartition(":")[2]
        hidden = float(one.get("VisibilityTimeout", 30)) * 1000
        if longest > hidden:
            text = f"a run took {longest:.0f} ms; {name} shows its messages again after {hidden:.0f} ms"
            yield Sight("ESM001", text, (), (("max_ms", longest), ("visibility_ms", hidden)), "error", subject=name)
        dead: Any = one.get("Dead") or {}
        count = int(dead.get("ApproximateNumberOfMessages", 0))
        if count:
            text = f"{count} messages of {name} are in its dead-letter queue"
            yield Sight("OBS007", text, (), (("messages", count),), "error", subject=name)


def _throttled(seen: Seen) -> Iterator[Sight]:
    if seen.throttles:
        reserved = seen.about.get("Reserved")
        code = "CON003" if reserved == 0 else "CON002"
        most = f", most of it by {seen.neighbour[0]} ({seen.neighbour[1]} at once)" if seen.neighbour else ""
        why = f"its reservation is {reserved}" if reserved is not None else f"the account's pool was used up{most}"
        yield Sight(code, f"{seen.throttles} invocations were throttled: {why}", (), (("throttles", seen.throttles),))


WATCHERS = (
    Watcher(("EXE013", "LIM005"), "REPORT lines", _timeouts),
    Watcher(("EXE012", "LIM011", "CST004"), "REPORT lines", _memory),
    Watcher(("EXE001",), "REPORT lines of one environment", _growth),
    Watcher(("EXE006", "EXE016", "CST009"), "Init Duration", _starts),
    Watcher(("SEC005",), "log lines", _printed),
    Watcher(("CST005",), "log lines", _volume),
    Watcher(tuple(code for code, _, _ in _SAYS), "log lines", _says),
    Watcher(("EXE011",), "log lines between invocations", _left_behind),
    Watcher(("ASY001",), "START lines", _tried_again),
    Watcher(("ESM001", "OBS007"), "queues' attributes", _queues),
    Watcher(("CON002", "CON003"), "the metric Throttles", _throttled),
)
