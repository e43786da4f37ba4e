"""What is done to an event in a trial: schedules, the simplest first.

Pure. A schedule is a list of attempts, each with the event it gets and the faults of its calls; who carries it out
tries the last attempt again until it succeeds, as AWS would. A seed decides which are left out when there are too many,
and nothing else is random.
"""

import copy
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambent.pitfalls.torture.effects import Call, changes

MOST_STEPS = 40
"""Calls of a run of which each is looked at; of more, a sample is."""
WARM = 3
"""How often an event runs on one environment."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One invocation. `fresh`: on a new environment; `together`: at the same time as the one before."""

    event: Any
    faults: tuple[Mapping[str, Any], ...] = ()
    fresh: bool = False
    together: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """A trial. `kind` is what is done, `step` to which call of the clean run (None: to none); `codes` are the pitfalls
    that it shows, the likeliest first; `must` is what must hold: "same" state as one clean run, or "told" (a run whose
    call was refused must not say that all is well), "others" (a bad record must not keep good ones from being done), or
    "as-fresh" (one environment does what several would).
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

    @property
    def name(self) -> str:
        """`crash-after:3`."""
        return self.kind if self.step is None else f"{self.kind}:{self.step}"


def records(event: Any) -> list[Any]:
    """The records of a batch; none of another event."""
    listed = event.get("Records") if isinstance(event, dict) else None
    return listed if isinstance(listed, list) else []


def plan(event: Any, calls: Sequence[Call], most: int, seed: int, sync: bool = False) -> list[Schedule]:
    """At most `most` schedules for an event, of whose clean run `calls` are known. `sync`: nobody delivers it twice, so
    that only its caller may ask again."""
    found = [*_deliveries(event, sync), *_batches(event)]
    for step in _steps(calls, seed):
        found += _at(event, step, calls)
    if len(found) <= most:
        return found
    kept = sorted(random.Random(seed).sample(range(len(found)), most))  # noqa: S311
    return [found[place] for place in kept]


def codes() -> frozenset[str]:
    """Every pitfall that a schedule shows first."""
    calls = [{"step": 0, "service": "sqs", "operation": "SendMessage", "reads": False}]
    batch = {"Records": [{"eventSource": "aws:sqs"}] * 2}
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
    spoilt = _spoilt(listed)
    if spoilt is not None:
        attempts = (Attempt({**event, "Records": spoilt}),)
        codes = ("ESM002", "ESM007")
        found.append(
            Schedule("bad-record", codes, attempts, must="others", about="one record can't be read", settle=False)
        )
    return found


def _spoilt(listed: Sequence[Any]) -> list[Any] | None:
    """The batch with a further record, in its middle, that can't be read; None where that is not known how."""
    source = listed[0].get("eventSource") if isinstance(listed[0], dict) else None
    if source != "aws:sqs":
        return None
    bad = copy.deepcopy(listed[0])
    bad["messageId"], bad["body"] = "00000000-0000-4000-8000-00000000bad0", "\u0000 not what is expected {"
    middle = len(listed) // 2
    return [*listed[:middle], bad, *listed[middle:]]


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
