"""Writes docs/recorded.md: how many of AWS's recorded answers are matched, and which are not, and why.

Run as `python -m tools.recorded`; tests/docs compares the committed page with what this makes. That every answer
which the page counts as matched is matched, the tests in tests/recorded see to.
"""

from collections import Counter
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from tests.recorded.recordings import FILES, Gap, gaps, gaps_of, is_gap, load

PAGE = Path(__file__).parents[1] / "docs" / "recorded.md"

HEAD = """# Answers recorded from AWS

Made by `python -m tools.recorded` from `tests/recorded`; a test keeps it true.

AWS's answers to real calls, recorded from 2022 to February 2026, are kept in `tests/recorded/answers`. For
each of the tests they come from there is a replay (`tests/recorded/test_recorded_*.py`) that makes the calls, inferred
from the answers, with boto3 and compares every member of every answer: statuses, codes, texts, and what is absent.
Names, ids and dates are bound at their first appearance and have to be the same afterwards.

`tests/recorded/gaps.json` names what is not matched. A gap that is none any more fails its test. What was recorded on
queues and streams that drive functions is matched with its invocations: the events that functions got, batch by batch,
and the records of what failed; on tables DynamoDB's own answers are left out, which come from the neighbour. Nothing is
kept that needs a runtime which Lambent does not run.

| recording | tests | answers | matched | in part | not matched |
| --- | --- | --- | --- | --- | --- |
"""


def page() -> str:
    """The whole page."""
    rows = [_row(file, _count(file)) for file in FILES]
    total = sum(map(_count, FILES), Counter())
    by_reason = {reason: list(group) for reason, group in groupby(gaps(), attrgetter("reason"))}
    parts = "".join(f"\n### {_first_large(reason)}\n\n{_names(found)}" for reason, found in by_reason.items())
    return f"{HEAD}{''.join(rows)}{_row('all', total)}\n## What is not matched, and why\n{parts}"


def _count(file: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for test, answers in load(file).items():
        counts["tests"] += 1
        for key in answers:
            counts["answers"] += 1
            counts[_state(f"{file}::{test}", key)] += 1
    return counts


def _state(test: str, key: str) -> str:
    if is_gap(test, key):
        return "not matched"
    return "in part" if any(gap.of_key(key) for gap in gaps_of(test)) else "matched"


def _row(name: str, counts: Counter[str]) -> str:
    columns = (name, *(str(counts[column]) for column in ("tests", "answers", "matched", "in part", "not matched")))
    return f"| {' | '.join(columns)} |\n"


def _first_large(text: str) -> str:
    return text[:1].upper() + text[1:]


def _names(found: list[Gap]) -> str:
    return "".join(f"- `{gap.name}`\n" for gap in found)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
