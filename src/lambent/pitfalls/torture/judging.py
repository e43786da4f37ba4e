"""Whether a trial broke what must hold, and which pitfall that is. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lambent.pitfalls.torture.effects import ANSWER, Call, Difference, Noise, State, changes, differences, fields
from lambent.pitfalls.torture.schedules import Schedule


@dataclass(frozen=True, slots=True)
class Run:
    """One invocation that was made: what it answered, its function error ("" for none), its calls."""

    answer: Any
    error: str
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Broken:
    """What did not hold. `calls` are (service, operation) to which the difference belongs."""

    code: str
    schedule: Schedule
    message: str
    differences: tuple[Difference, ...] = ()
    calls: tuple[tuple[str, str], ...] = ()
    remains: bool = False
    """Whether no code can help it: it is told, and is no failure."""
    order: tuple[str, ...] = ()
    """Of runs at once: their calls as they came, "A dynamodb:GetItem"."""


def judge(
    schedule: Schedule, runs: Sequence[Run], clean: State, left: State, noise: Noise, guarded: bool = False
) -> Broken | None:
    """What a trial broke, if it broke anything. `guarded`: the event coming twice in a row broke nothing."""
    if schedule.must == "told":
        return _told(schedule, runs, clean, left, noise)
    if schedule.must == "others":
        return _others(schedule, runs, clean, left, noise)
    if schedule.must == "all":
        return _all(schedule, runs, clean, left, noise)
    if schedule.settle and runs and runs[-1].error:
        code = "ASY008" if schedule.step is not None else schedule.codes[0]
        return Broken(code, schedule, f"the event can't be done any more: {runs[-1].error}")
    found = differences(clean, left, noise)
    if schedule.must == "no-more":
        found = [one for one in found if len(one.more) > len(one.less)]
    if not found:
        return None
    said = "; ".join(one.text for one in found)
    code, remains = _code(schedule, runs, guarded), _remains(schedule, found, runs, guarded)
    return Broken(code, schedule, said, tuple(found), _calls(found, runs), remains, _order(schedule, runs))


def _order(schedule: Schedule, runs: Sequence[Run]) -> tuple[str, ...]:
    """How the calls of two runs at once came."""
    if not any(one.together for one in schedule.attempts):
        return ()
    made = [(call.get("order", 0), "AB"[place], call) for place, run in enumerate(runs[:2]) for call in run.calls]
    return tuple(
        f"{who} {call['service']}:{call['operation']}" + (f" ({call['error']})" if call["error"] else "")
        for _, who, call in sorted(made, key=lambda one: one[0])
    )


def judge_warm(
    schedule: Schedule, warm: tuple[Sequence[Run], State], fresh: tuple[Sequence[Run], State], noise: Noise
) -> Broken | None:
    """Whether one environment did and answered what several did, each for one event."""
    found = differences(fresh[1], warm[1], noise)
    if found:
        text = f"what ran before counts: {found[0].text}"
        return Broken(schedule.codes[0], schedule, text, tuple(found), _calls(found, warm[0]))
    for place, (one, other) in enumerate(zip(warm[0], fresh[0], strict=True), 1):
        if _said(one, noise) != _said(other, noise):
            text = f"invocation {place} of one environment answers {_short(one)}, a new environment {_short(other)}"
            return Broken(schedule.codes[0], schedule, text)
    return _kept_secret(schedule, warm[0], fresh[0])


def _kept_secret(schedule: Schedule, warm: Sequence[Run], fresh: Sequence[Run]) -> Broken | None:
    """A secret that a new environment asks for, and one that lived on for a day does not."""
    if schedule.kind != "day-later":
        return None
    kept = _secrets(fresh[-1]) - _secrets(warm[-1])
    if not kept:
        return None
    service, operation = min(kept)
    text = f"{service}:{operation} is not asked again a day later: a secret that was rotated is not seen"
    return Broken("SEC004", schedule, text, calls=((service, operation),))


def _secrets(run: Run) -> set[tuple[str, str]]:
    names = {("secretsmanager", "GetSecretValue"), ("ssm", "GetParameter"), ("ssm", "GetParameters")}
    return {(call["service"], call["operation"]) for call in run.calls} & names


def _said(run: Run, noise: Noise) -> Any:
    """What an invocation came to, without what differs each time: of an error its type alone (it names the request)."""
    return run.error.partition(":")[0] or noise.of(ANSWER, fields(run.answer))


def _short(run: Run) -> str:
    return (run.error or str(run.answer))[:120]


def _code(schedule: Schedule, runs: Sequence[Run], guarded: bool) -> str:
    """The likeliest of a schedule's pitfalls. `guarded`: the event may come twice in a row, so that something knows
    what was done; then it is that guard which fails."""
    if schedule.kind in ("duplicate", "duplicate-elsewhere") and _adds(runs):
        return "ASY009"
    if schedule.kind in ("crash-after", "timeout-after") and any(
        "batchItemFailures" in str(run.answer) for run in runs
    ):
        return "ESM004"
    return (_GUARDED if guarded else _UNGUARDED).get(schedule.kind) or schedule.codes[0]


_GUARDED = {
    "crash-before": "ASY008", "crash-after": "ASY008", "timeout-after": "ASY008", "duplicate-elsewhere": "EXE002",
}  # fmt: skip
_UNGUARDED = {"concurrent": "ASY002", "together": "ASY002", "part-before": "ASY002"}
"""What a trial shows of a function that has a guard, and of one that has none: see the schedules' own codes."""


def codes() -> frozenset[str]:
    """The pitfalls that are known by what differs."""
    return frozenset(
        (
            *_GUARDED.values(),
            *_UNGUARDED.values(),
            "ASY008",
            "ASY009",
            "ESM002",
            "ESM004",
            "ESM005",
            "ESM007",
            "ESM008",
            "OBS008",
            "SEC004",
            "SEC006",
        )
    )


def _remains(schedule: Schedule, found: Sequence[Difference], runs: Sequence[Run], guarded: bool) -> bool:
    """Whether code can't help it: between an effect and its mark there is always a moment, also for who marks the
    event as begun before it; and an SDK asks again when an answer is lost."""
    if not all(one.doubled and not one.place.startswith(("table ", "bucket ")) for one in found):
        return False
    if schedule.kind == "lost-answer":
        return True
    return guarded and schedule.kind in ("crash-after", "timeout-after", "crash-before") and _marked_first(runs[0])


def _marked_first(run: Run) -> bool:
    """Whether it wrote that it had begun, on a condition, before it did anything else."""
    made = [call for call in run.calls if changes(call)]
    return bool(made) and made[0]["service"] == "dynamodb" and "ConditionExpression" in made[0]["params"]


def _adds(runs: Sequence[Run]) -> bool:
    """Whether an update adds to what is there."""
    words = ("ADD ", " + ", "list_append")
    return any(
        call["operation"] == "UpdateItem" and any(word in str(call["params"].get("UpdateExpression")) for word in words)
        for run in runs
        for call in run.calls
    )


def _calls(found: Sequence[Difference], runs: Sequence[Run]) -> tuple[tuple[str, str], ...]:
    """Which calls made the difference: what was sent by its name, what is held by who wrote there."""
    made = []
    for one in found:
        kind = one.place.partition(" ")[0]
        if kind not in ("table", "bucket"):
            service, _, operation = kind.partition(":")
            made.append((service, operation))
            continue
        service = "dynamodb" if kind == "table" else "s3"
        for run in runs:
            made += [(service, call["operation"]) for call in run.calls if call["service"] == service and changes(call)]
    return tuple(dict.fromkeys(made))


def _told(schedule: Schedule, runs: Sequence[Run], clean: State, left: State, noise: Noise) -> Broken | None:
    """A call was refused for good: who says that all is well must have done all."""
    if not runs or runs[0].error or _says_no(runs[0].answer):
        return None
    hit = [call for call in runs[0].calls if call["step"] == schedule.step]
    if not hit or not any(call["error"] for call in hit):
        return None
    found = differences(clean, left, noise)
    lost = [one for one in found if one.less]
    if not lost:
        return None
    text = f"it says that all is well, and {lost[0].text}"
    return Broken("OBS008", schedule, text, tuple(lost), ((hit[0]["service"], hit[0]["operation"]),))


def _says_no(answer: Any) -> bool:
    """Whether an answer tells of a failure: to HTTP, or of records."""
    if not isinstance(answer, dict):
        return False
    return bool(answer.get("batchItemFailures")) or int(answer.get("statusCode") or 0) >= 400


def _all(schedule: Schedule, runs: Sequence[Run], clean: State, left: State, noise: Noise) -> Broken | None:
    """What came late is done, or it is said that it was not."""
    if runs[0].error or _says_no(runs[0].answer):
        return None
    lost = [one for one in differences(clean, left, noise) if len(one.less) > len(one.more)]
    if not lost:
        return None
    text = f"it says that all is well, and {lost[0].text}"
    return Broken(schedule.codes[0], schedule, text, tuple(lost), _calls(lost, runs))


def _others(schedule: Schedule, runs: Sequence[Run], clean: State, left: State, noise: Noise) -> Broken | None:
    """One record of a batch was bad: the others must be done, and it alone must be reported (in a FIFO queue with those
    behind it)."""
    (run,), known = runs, schedule.spoilt
    assert known is not None
    if run.error:
        then = "the shard waits for it, until it is given up" if known.stream else "all of it comes again"
        text = f"one bad record fails the whole batch ({run.error}): {then}, with its effects"
        return Broken(schedule.codes[0], schedule, text)
    failed = _reported(run.answer)
    if not failed:
        return Broken("OBS008", schedule, "a bad record is not reported: it is deleted, and lost")
    if known.ordered and failed == {known.bad} != known.reported:
        text = "it goes on behind the record that failed, and reports that one alone: the order of its group is lost"
        return Broken("ESM008", schedule, text)
    if failed != known.reported:
        return Broken("ESM007", schedule, f"it reports {sorted(map(str, failed))}, and {sorted(known.reported)} failed")
    found = [one for one in differences(clean, left, noise) if one.less]
    if found and not known.ordered:
        text = f"good records were not done: {found[0].text}"
        return Broken(schedule.codes[0], schedule, text, tuple(found), _calls(found, runs))
    return None


def _reported(answer: Any) -> set[Any]:
    """Which records an answer names as failed."""
    listed = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    return {one.get("itemIdentifier") for one in listed or () if isinstance(one, dict)}
