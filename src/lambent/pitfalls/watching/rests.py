"""Watchers of what environments have between two invocations: files in /tmp, threads, open files and connections."""

from collections.abc import Iterator
from functools import partial
from itertools import pairwise

from lambent.pitfalls.finding import Level
from lambent.pitfalls.watching.seen import Rest, Seen
from lambent.pitfalls.watching.sight import Sight, Watcher

REPEATS = 3
"""In how many invocations, or looks, a thing must be seen."""
MB = 1 << 20
GROWN_LOOKS = 5
"""How often a variable must have had more entries than ever before: caches that fill up stop at some time."""


def _left(seen: Seen) -> Iterator[Sight]:
    """Files of several invocations that are still there."""
    for stream, rests in seen.rests.items():
        by_run: dict[str, int] = {}
        for one in rests[-1].files:
            run = seen.run_at(stream, one.written)
            if run is not None:
                by_run[run.request_id] = by_run.get(run.request_id, 0) + one.size
        if len(by_run) < REPEATS:
            continue
        total = sum(by_run.values())
        room = seen.about.get("EphemeralStorage", {}).get("Size", 512) * MB
        full = f": full in {max(room - total, 0) * len(by_run) // total} more" if total else ""
        text = f"{len(by_run)} invocations of one environment left files in /tmp, {total / MB:.1f} MB{full}"
        yield Sight("EXE004", text, tuple(by_run), (("bytes", total), ("invocations", len(by_run))), "error")
        return


def _again(seen: Seen) -> Iterator[Sight]:
    """A file of an earlier invocation that was read, or a name that is used by several."""
    for stream, rests in seen.rests.items():
        writers: dict[str, set[str]] = {}
        for rest in rests:
            for one in rest.files:
                wrote, read = seen.run_at(stream, one.written), seen.run_at(stream, one.read)
                if wrote is None:
                    continue
                if read is not None and read.began > wrote.ended:
                    text = f"{one.name}, written by an invocation, was read by a later one"
                    yield Sight("EXE003", text, (wrote.request_id, read.request_id), (), "warning")
                    return
                writers.setdefault(one.name, set()).add(wrote.request_id)
        for name, runs in writers.items():
            if len(runs) >= REPEATS:
                text = f"{len(runs)} invocations of one environment wrote {name}"
                yield Sight("EXE003", text, tuple(sorted(runs)), (("invocations", len(runs)),), "warning")
                return


def _grown(rests: list[Rest], what: str) -> tuple[int, int, int] | None:
    """(first, last, invocations between) of a figure that rose at each look that came after another invocation."""
    looks = [(rest.runs, getattr(rest, what)) for rest in rests if getattr(rest, what) is not None]
    steps = [(one, other) for one, other in pairwise(looks) if other[0] > one[0]]
    if len(steps) < REPEATS or not all(other[1] > one[1] for one, other in steps):
        return None
    return steps[0][0][1], steps[-1][1][1], steps[-1][1][0] - steps[0][0][0]


def _growing(code: str, what: str, text: str, level: Level, seen: Seen) -> Iterator[Sight]:
    """A figure that only grows, in the first environment where it does."""
    for rests in seen.rests.values():
        found = _grown(rests, what)
        if found is not None:
            first, last, runs = found
            told = f"{text} from {first} to {last} in {runs} invocations of one environment"
            yield Sight(code, told, (), ((what, last),), level, subject=what)
            return


def _named(seen: Seen) -> Iterator[Sight]:
    """Module-level variables that grow: most of all the one that has most entries."""
    told = set()
    for (_, name), looks in sorted(seen.grown.items(), key=lambda one: -one[1][-1][1]):
        if len(looks) < GROWN_LOOKS or name in told:
            continue
        told.add(name)
        (before, first), (after, last) = looks[0], looks[-1]
        text = f"{name} grew from {first} to {last} entries in {max(after - before, 1)} invocations of one environment"
        yield Sight("EXE001", text, (), (("entries", last),), "error", subject=name)


_threads = partial(_growing, "EXE011", "threads", "threads that are left behind:", "warning")
_descriptors = partial(_growing, "EXE008", "descriptors", "open files and connections grew", "error")


WATCHERS = (
    Watcher(("EXE004",), "/tmp", _left),
    Watcher(("EXE003",), "/tmp", _again),
    Watcher(("EXE011",), "threads", _threads),
    Watcher(("EXE008",), "open files", _descriptors),
    Watcher(("EXE001",), "module variables", _named),
)
