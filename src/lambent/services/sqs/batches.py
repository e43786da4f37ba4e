"""Batches: up to ten entries, each told apart by its id, each with an outcome of its own."""

import re
from collections.abc import Sequence
from typing import Any

from lambent.queues import errors
from lambent.queues.errors import QueueError

MOST = 10
_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_CODES = {
    "QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue",
    "MessageNotInflight": "AWS.SimpleQueueService.MessageNotInflight",
    "UnsupportedOperation": "AWS.SimpleQueueService.UnsupportedOperation",
}
"""What errors are called inside a batch's outcome, where it is not their shape's name."""


def entries_of(params: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The entries of a batch request. Raises QueueError for what spoils the whole batch."""
    entries = params.get("Entries")
    if not entries:
        raise QueueError("EmptyBatchRequest", f"There should be at least one {kind} in the request.")
    ids = [str(entry.get("Id") or "") for entry in entries]
    if not all(_ID.fullmatch(one) for one in ids):
        text = "A batch entry id can only contain alphanumeric characters, hyphens and underscores."
        raise QueueError("InvalidBatchEntryId", f"{text} It can be at most 80 letters long.")
    if len(entries) > MOST:
        text = f"Maximum number of entries per request are {MOST}. You have sent {len(entries)}."
        raise QueueError("TooManyEntriesInBatchRequest", text)
    repeated = next((one for at, one in enumerate(ids) if one in ids[:at]), None)
    if repeated is not None:
        raise QueueError("BatchEntryIdsNotDistinct", f"Id {repeated} repeated.")
    return list(entries)


def failed(entry: dict[str, Any], fault: Exception) -> dict[str, Any]:
    """An entry that went wrong."""
    if not isinstance(fault, QueueError):
        raise fault
    code = _CODES.get(fault.code, fault.code)
    return {"Id": entry["Id"], "SenderFault": (fault.status or 400) < 500, "Code": code, "Message": fault.message}


def outcome(entries: Sequence[dict[str, Any]], wrong: Sequence[Exception | None]) -> dict[str, Any]:
    """The answer of a batch that only says what went well."""
    pairs = list(zip(entries, wrong, strict=True))
    done = [{"Id": entry["Id"]} for entry, fault in pairs if fault is None]
    return answer(done, [failed(entry, fault) for entry, fault in pairs if fault is not None])


def answer(done: list[dict[str, Any]], wrong: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer of a batch. Recorded: Failed is not there when nothing went wrong."""
    return {"Successful": done, **({"Failed": wrong} if wrong else {})}


def handle_of(entry: dict[str, Any]) -> str:
    """The receipt handle of a request or an entry. Raises QueueError."""
    handle = entry.get("ReceiptHandle")
    if not handle:
        raise errors.missing("ReceiptHandle")
    return str(handle)
