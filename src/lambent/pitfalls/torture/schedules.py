"""What is done to an event in a trial: schedules, the simplest first.

Pure. A schedule is a list of attempts, each with the event it gets and the faults of its calls; who carries it out
tries the last attempt again until it succeeds, as AWS would. A seed decides which are left out when there are too many,
and nothing else is random.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambent.pitfalls.torture.aging import aged, has_links
from lambent.pitfalls.torture.batches import SQS, Spoilt, records, spoilt
from lambent.pitfalls.torture.effects import Call, changes

MOST_STEPS = 40
"""Calls of a run of which each is looked at; of more, a sample is."""
WARM = 3
"""How often an event runs on one environment."""
LATE_SECONDS = 6 * 3600
"""How old an event is that comes late: as old as an asynchronous one may be."""
MINUTES, HOURS = 60.0, 3600.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One invocation. `fresh`: on a new environment; `together`: at the same time as the one before; `full`: in an
    environment whose /tmp is full; `at`: when the function's clock is so many seconds after the next midnight (UTC)."""

    event: Any
    faults: tuple[Mapping[str, Any], ...] = ()
    fresh: bool = False
    together: bool = False
    full: bool = False
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A trial. `kind` is what is done, `step` to which call of the clean run (None: to none); `codes` are the pitfalls
    that it shows, the likeliest first; `must` is what must hold: "same" state as one clean run, or "told" (a run whose
    call was refused must not say that all is well), "all" (nor may one that did less), "no-more" (nothing is there
    twice), "others" (a bad record must not keep good ones from being done), or "as-fresh" (one environment does what
    several would).
    """

    kind: str
    codes: tuple[str, ...]
    attempts: tuple[Attempt, ...]
    step: int | None = None
    must: str = "same"
    about: str = ""
    """What happens, for people."""
    settle: bool = True
    """Whether the event is tried again until it succeeds."""
    spoilt: Spoilt | None = None
    """Of a batch: which record is bad."""

    @property
    def name(self) -> str:
        """`crash-after:3`."""
        return self.kind if self.step is None else f"{self.kind}:{self.step}"


def plan(event: Any, calls: Sequence[Call], most: int, seed: int, sync: bool = False) -> list[Schedule]:
    """At most `most` schedules for an event, of whose clean run `calls` are known. `sync`: nobody delivers it twice, so
    that only its caller may ask again."""
    found = [*_deliveries(event, sync), *_batches(event), *_surroundings(event), *_days(event)]
    for step in _steps(calls, seed):
        found += _at(event, step, calls)
    found += _left_in_tmp(event, calls)
    if len(found) <= most:
        return found
    kept = sorted(random.Random(seed).sample(range(len(found)), most))  # noqa: S311
    return [found[place] for place in kept]


def codes() -> frozenset[str]:
    """Every pitfall that a schedule shows first."""
    calls = [{"step": 0, "service": "sqs", "operation": "SendMessage", "reads": False}]
    batch = {"Records": [{"eventSource": SQS, "eventTime": "2026-01-01T00:00:00Z"}] * 2}
    both = [*plan(batch, calls, 1_000, 0), *plan(batch, calls, 1_000, 0, sync=True)]
    return frozenset(one.codes[0] for one in both)


def _deliveries(event: Any, sync: bool) -> list[Schedule]:
    twice = ("ASY010", "ASY009") if sync else ("ASY002", "ASY001", "ASY009")
    return [
        Schedule("duplicate", twice, (Attempt(event), Attempt(event)), about="the event comes twice"),
        Schedule("duplicate-elsewhere", (*twice, "EXE002"), (Attempt(event), Attempt(event, fresh=True)),
                 about="the event comes again on another environment"),
        Schedule("concurrent", ("ASY006", *twice), (Attempt(event), Attempt(event, together=True)),
                 about="the event comes twice at once"),
        Schedule("warm", ("EXE001", "EXE003"), (Attempt(event),) * WARM, must="as-fresh", settle=False,
                 about=f"{WARM} events run on one environment, instead of one each"),
    ]  # fmt: skip


def _batches(event: Any) -> list[Schedule]:
    """What happens to batches: parts of them, other orders, bad records."""
    listed = records(event)
    if len(listed) < 2:
        return []
    first, turned = {**event, "Records": listed[:1]}, {**event, "Records": listed[::-1]}
    found = [
        Schedule("part-before", ("ASY007", "ASY002"), (Attempt(first), Attempt(event)),
                 about="the first record was done before, the batch has it again"),
        Schedule("reordered", ("ESM009", "ESM010"), (Attempt(turned),), about="the records come in another order"),
    ]  # fmt: skip
    broken = spoilt(event)
    if broken is not None:
        codes = ("ESM005" if broken.stream else "ESM002", "ESM007")
        found.append(
            Schedule("bad-record", codes, (Attempt(broken.event),), must="others", settle=False, spoilt=broken,
                     about="one record can't be read")
        )  # fmt: skip
    return found


def _surroundings(event: Any) -> list[Schedule]:
    """An environment whose /tmp is full; an event that waited for hours, its links expired."""
    found = [Schedule("tmp-full", ("LIM012", "EXE004"), (Attempt(event, full=True),), about="/tmp is full")]
    late = aged(event, LATE_SECONDS)
    if late != event:
        codes = ("SEC006", "ASY004") if has_links(event) else ("ASY004",)
        about = f"the event is {LATE_SECONDS // 3600} hours old" + (", its links expired" if has_links(event) else "")
        found.append(Schedule("late", codes, (Attempt(late),), must="all", about=about, settle=False))
    return found


def _days(event: Any) -> list[Schedule]:
    """The clock turned: the event again after midnight, and an environment that lives on into another day."""
    return [
        Schedule("next-day", ("ASY007",), (Attempt(event, at=-5 * MINUTES), Attempt(event, at=5 * MINUTES)),
                 must="no-more", about="the event comes twice, before and after midnight"),
        Schedule("day-later", ("EXE001", "SEC004"), (Attempt(event, at=-12 * HOURS), Attempt(event, at=14 * HOURS)),
                 must="as-fresh", settle=False, about="a warm environment gets it again a day later"),
    ]  # fmt: skip


def _left_in_tmp(event: Any, calls: Sequence[Call]) -> list[Schedule]:
    """What a crash left in /tmp: the environment is kept, and the next invocation finds it. Looked at before the first
    and the last change."""
    steps = [call["step"] for call in calls if changes(call)]
    return [
        Schedule("tmp-left", ("EXE003", "EXE005"),
                 (Attempt(event, ({"at": step, "when": "before", "do": "crash"},)), Attempt(event)), step,
                 must="as-fresh", settle=False, about="it crashes, and the same environment gets the event again")
        for step in sorted({*steps[:1], *steps[-1:]})
    ]  # fmt: skip


def _steps(calls: Sequence[Call], seed: int) -> list[int]:
    steps = list(dict.fromkeys(call["step"] for call in calls))
    if len(steps) <= MOST_STEPS:
        return steps
    return sorted(random.Random(seed).sample(steps, MOST_STEPS))  # noqa: S311


def _at(event: Any, step: int, calls: Sequence[Call]) -> Iterable[Schedule]:
    """What can happen at one call of the clean run."""
    call = next(one for one in calls if one["step"] == step)
    name = f"{call['service']}:{call['operation']}"

    def fault(do: str, when: str = "before") -> tuple[Mapping[str, Any], ...]:
        return ({"at": step, "when": when, "do": do},)

    def once(kind: str, codes: tuple[str, ...], faults: tuple[Mapping[str, Any], ...], about: str) -> Schedule:
        return Schedule(kind, codes, (Attempt(event, faults), Attempt(event, fresh=True)), step, about=about)

    if changes(call):
        yield once("crash-before", ("EXE013", "ASY008"), fault("crash"), f"it crashes before {name}, and runs again")
        yield once(
            "crash-after",
            ("ASY001", "ASY008", "ESM004"),
            fault("crash", "after"),
            f"it crashes after {name}, and runs again",
        )
        yield once(
            "timeout-after",
            ("EXE013", "ASY001", "ESM004"),
            fault("timeout", "after"),
            f"its time is over after {name}, and it runs again",
        )
        yield Schedule("lost-answer", ("ASY009",), (Attempt(event, fault("lose", "after")),), step,
                       about=f"{name} is done, its answer is lost, and the SDK asks again")  # fmt: skip
    meet = ({"at": step, "when": "before", "do": "meet"},)
    yield Schedule("together", ("ASY006", "ASY002"), (Attempt(event, meet), Attempt(event, meet, together=True)), step,
                   about=f"the event comes twice, and both are before {name} at once")  # fmt: skip
    yield Schedule(
        "throttled", ("CON011",), (Attempt(event, fault("throttle")),), step, about=f"{name} is throttled once"
    )
    yield Schedule("refused", ("OBS008",), (Attempt(event, fault("refuse")),), step, must="told", settle=False,
                   about=f"{name} is refused")  # fmt: skip
