"""What an entry of PutEvents becomes, and why it becomes nothing.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html (the event),
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html (codes of errors),
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html (how the size is counted). The texts are
as callers of AWS report them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lambent.model.scope import Scope

MOST_BYTES = 1 << 20
"""Of all entries of a request: 1 MiB since January 2026, 256 KiB before."""
_TIME_BYTES = 14
Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class EntryError:
    """Why an entry is not taken."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """An event on its way to a bus. `trace` is the trace header that goes along."""

    scope: Scope
    bus: str
    event: Event
    trace: str = ""


def size(entries: Sequence[Mapping[str, Any]]) -> int:
    """The bytes of entries as AWS counts them."""
    return sum(_size(one) for one in entries)


def _size(entry: Mapping[str, Any]) -> int:
    texts = [entry.get(name) or "" for name in ("Source", "DetailType", "Detail")]
    texts += entry.get("Resources") or []
    return sum(len(one.encode("utf-8", "replace")) for one in texts) + (_TIME_BYTES if entry.get("Time") else 0)


def refused(entry: Mapping[str, Any], own: bool) -> EntryError | None:
    """Why an entry can't become an event. `own` are entries of services of AWS."""
    for name in ("Source", "DetailType", "Detail"):
        if not entry.get(name):
            text = f"Parameter {name} is not valid. Reason: {name} is a required argument."
            return EntryError("InvalidArgument", text)
    if entry["Source"].startswith("aws.") and not own:
        return EntryError("NotAuthorizedForSourceException", "Not authorized for the source.")
    if not isinstance(_detail(entry["Detail"]), dict):
        return EntryError("MalformedDetail", "Detail is malformed.")
    return None


def made(entry: Mapping[str, Any], scope: Scope, unique: str, now: float) -> Event:
    """The event of an entry that is not refused, which somebody in `scope` puts."""
    moment = entry.get("Time")
    return {
        "version": "0",
        "id": unique,
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "account": scope.account,
        "time": iso(moment.timestamp() if moment is not None else now),
        "region": scope.region,
        "resources": list(entry.get("Resources") or []),
        "detail": _detail(entry["Detail"]),
    }


def scheduled(rule: str, scope: Scope, unique: str, due: float) -> Event:
    """What a rule sends when it is time: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html"""
    return {
        "version": "0",
        "id": unique,
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": scope.account,
        "time": iso(due),
        "region": scope.region,
        "resources": [rule],
        "detail": {},
    }


def iso(seconds: float) -> str:
    """A time (seconds since 1970) as events have it; the first one there is for what is no time."""
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        moment = datetime.fromtimestamp(0, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _detail(text: str) -> Any:
    try:
        found = json.loads(text, parse_constant=_no_constant)
        json.dumps(found)
    except (ValueError, RecursionError):
        return None
    return found


def _no_constant(name: str) -> None:
    raise ValueError(name)
