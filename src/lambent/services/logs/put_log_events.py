"""PutLogEvents."""

from itertools import pairwise
from typing import Any

from lambent.model.scope import Caller
from lambent.services.logs.describe_log_streams import SEQUENCE_TOKEN
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.faults import invalid, unsupported, worded

BATCH_BYTES = 1_048_576
EVENT_OVERHEAD = 26
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
TOO_OLD_MS = 14 * DAY_MS
TOO_NEW_MS = 2 * HOUR_MS

Events = list[tuple[int, str]]


async def put_log_events(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Adds a batch in order of time. Events that are too old, too new or expired are named and left out."""
    if params.get("entity"):
        raise unsupported("entity")
    events: Events = [(event["timestamp"], event["message"]) for event in params["logEvents"]]
    _check(events)
    scope, group, stream = caller.scope, params["logGroupName"], params["logStreamName"]
    with worded():
        retention = env.store.group(scope, group).retention
        kept, rejected = _sort_out(events, int(env.clock() * 1000), retention)
        await env.store.put_events(scope, group, stream, kept)
    return {"nextSequenceToken": SEQUENCE_TOKEN, "rejectedLogEventsInfo": rejected or None}


def _check(events: Events) -> None:
    size = sum(len(message.encode("utf-8", "replace")) + EVENT_OVERHEAD for _, message in events)
    if size > BATCH_BYTES:
        raise invalid(f"Upload too large: {size} bytes exceeds limit of {BATCH_BYTES}")
    if any(later[0] < earlier[0] for earlier, later in pairwise(events)):
        raise invalid("Log events in a single PutLogEvents request must be in chronological order.")


def _sort_out(events: Events, now: int, retention: int | None) -> tuple[Events, dict[str, int]]:
    """What is kept, and where in the batch the rest stands."""
    expired = now - retention * DAY_MS if retention else 0
    old = sum(timestamp < now - TOO_OLD_MS for timestamp, _ in events)
    gone = sum(timestamp < expired for timestamp, _ in events)
    new = sum(timestamp > now + TOO_NEW_MS for timestamp, _ in events)
    rejected = {}
    if new:
        rejected["tooNewLogEventStartIndex"] = len(events) - new
    if old:
        rejected["tooOldLogEventEndIndex"] = old
    if gone:
        rejected["expiredLogEventEndIndex"] = gone
    kept = events[max(old, gone) : len(events) - new]
    if kept and kept[-1][0] - kept[0][0] > DAY_MS:
        raise invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
    return kept, rejected
