"""What a function's answer says of its batch: all done, some records failed, or the whole batch did.

Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html and
https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html ("Success and failure
conditions"): an empty or null list, an empty object and null are success; an item without a known identifier fails the
whole batch.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

REPORTING = "ReportBatchItemFailures"
"""The FunctionResponseTypes member that switches it on."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`failed` are identifiers of the batch, in its order; all of them when the answer could not be understood."""

    failed: tuple[str, ...] = ()
    malformed: bool = False


DONE = Verdict()


def read(payload: bytes, identifiers: Sequence[str]) -> Verdict:
    """The verdict of an answer without a function error on the records of `identifiers`."""
    whole = Verdict(tuple(identifiers), malformed=True)
    try:
        answer = json.loads(payload) if payload else None
    except ValueError:
        return whole
    if answer is None or answer == {}:
        return DONE
    if not isinstance(answer, dict):
        return whole if answer != [] and not isinstance(answer, str | int | float | bool) else DONE
    failures = answer.get("batchItemFailures")
    if failures is None or failures == []:
        return DONE
    return _failed(failures, identifiers) or whole


def reports(payload: bytes) -> bool:
    """Whether an answer names failures: of interest where reporting is not switched on."""
    try:
        answer = json.loads(payload) if payload else None
    except ValueError:
        return False
    return isinstance(answer, dict) and bool(answer.get("batchItemFailures"))


def _failed(failures: Any, identifiers: Sequence[str]) -> Verdict | None:
    """None where an item is none, or none of this batch."""
    if not isinstance(failures, list):
        return None
    known = set(identifiers)
    named = set()
    for item in failures:
        identifier = item.get("itemIdentifier") if isinstance(item, dict) else None
        if not isinstance(identifier, str) or identifier not in known:
            return None
        named.add(identifier)
    return Verdict(tuple(one for one in identifiers if one in named))
