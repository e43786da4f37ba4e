"""What AWS tells of an asynchronous invocation: the record for destinations, the attributes of a dead letter.

Members, their order and their values are AWS's: recorded answers, and the developer guide's example
(invocation-async-retain-records). Payloads that are JSON stand in the record as JSON, others as a string.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lambent.engine.async_event import Condition
from lambent.model.async_event import AsyncEvent, Handling
from lambent.model.invocation import Outcome

VERSION = "1.0"
DETAIL_TYPE = "Lambda Function Invocation Result - {}"
MESSAGE_BYTES = 1024
"""The most of an error message that a dead letter carries."""
THROTTLED = ("429", "Rate Exceeded.")
"""ErrorCode and ErrorMessage of an event that its function never got (not recorded)."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How an event ended: after `invocations` runs, the last one with `outcome` (None when there was none, or when
    another life of the server saw it) by the version `executed`."""

    condition: Condition
    invocations: int
    outcome: Outcome | None
    executed: str

    @property
    def succeeded(self) -> bool:
        """Whether the function did what it was asked for."""
        return self.condition is Condition.SUCCESS


def record(event: AsyncEvent, handling: Handling, ending: Ending, now: float) -> bytes:
    """The invocation record, compact JSON."""
    said: dict[str, Any] = {
        "version": VERSION,
        "timestamp": _timestamp(now),
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": handling.record_arn,
            "condition": ending.condition.value,
            "approximateInvokeCount": ending.invocations,
        },
        "requestPayload": _document(event.payload),
    }
    if ending.outcome is not None:
        context: dict[str, Any] = {"statusCode": 200, "executedVersion": ending.executed}
        if ending.outcome.error is not None:
            context["functionError"] = ending.outcome.error
        said["responseContext"] = context
        said["responsePayload"] = _document(ending.outcome.payload)
    return _dump(said)


def detail_type(ending: Ending) -> str:
    """What an event bus gets beside the record."""
    return DETAIL_TYPE.format("Success" if ending.succeeded else "Failure")


def dead_letter_attributes(event: AsyncEvent, ending: Ending) -> dict[str, tuple[str, str]]:
    """RequestID, ErrorCode and ErrorMessage: name -> (data type, value). The body is the event as it was sent."""
    code, message = THROTTLED if ending.outcome is None else ("200", _error_message(ending.outcome))
    attributes = {"RequestID": ("String", event.request_id), "ErrorCode": ("Number", code)}
    if message:  # SQS takes no empty attribute
        attributes["ErrorMessage"] = ("String", message)
    return attributes


def _error_message(outcome: Outcome) -> str:
    """The function's errorMessage, cut after 1 KB; the payload when there is none."""
    try:
        said = json.loads(outcome.payload)
    except ValueError:
        said = None
    found = said.get("errorMessage") if isinstance(said, dict) else None
    text = found if isinstance(found, str) else outcome.payload.decode("utf-8", "replace")
    return text.encode("utf-8", "replace")[:MESSAGE_BYTES].decode("utf-8", "ignore")


def _timestamp(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _document(payload: bytes) -> Any:
    """A payload as what it says; not by orjson, which rounds numbers that are too long."""
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return payload.decode("utf-8", "replace")


def _dump(said: dict[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
