"""Batches of records with one that can't be read, and which of them must be reported. Pure.

Which identifier names a record: messageId, https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html;
sequenceNumber, https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SQS, KINESIS, DYNAMODB = "aws:sqs", "aws:kinesis", "aws:dynamodb"
UNREADABLE = "\u0000 not what is expected {"
_DATA = "/wAgbm90IHdoYXQgaXMgZXhwZWN0ZWQgew=="
"""The same as a record of Kinesis has it, and no UTF-8 either."""


@dataclass(frozen=True, slots=True)
class Spoilt:
    """`event` with a bad record; `bad` is its identifier, `reported` are all that must be: in a FIFO queue those behind
    it, too. `stream`: what fails comes again until it works or is given up, and what is behind it waits."""

    event: Any
    bad: str
    reported: frozenset[str]
    stream: bool = False
    ordered: bool = False


def records(event: Any) -> list[Any]:
    """The records of a batch; none of another event."""
    listed = event.get("Records") if isinstance(event, dict) else None
    return listed if isinstance(listed, list) else []


def identifier(record: Any) -> str:
    """By which a record is reported; "" for what has none."""
    if not isinstance(record, Mapping):
        return ""
    kinesis, dynamodb = record.get("kinesis"), record.get("dynamodb")
    if isinstance(kinesis, Mapping):
        return str(kinesis.get("sequenceNumber", ""))
    if isinstance(dynamodb, Mapping):
        return str(dynamodb.get("SequenceNumber", ""))
    return str(record.get("messageId", ""))


def spoilt(event: Any) -> Spoilt | None:
    """The batch with a record more that can't be read: in the middle of a queue's, at the end of a stream's. None where
    it is not known how."""
    listed = records(event)
    source = listed[0].get("eventSource") if listed and isinstance(listed[0], dict) else None
    if source == SQS:
        return _message(event, listed)
    if source not in (KINESIS, DYNAMODB):
        return None
    bad = _row(listed[-1]) if source == DYNAMODB else _data(listed[-1])
    name = identifier(bad)
    return Spoilt({**event, "Records": [*listed, bad]}, name, frozenset({name}), stream=True) if name else None


def _message(event: Any, listed: Sequence[Any]) -> Spoilt:
    bad = copy.deepcopy(listed[0])
    bad["messageId"], bad["body"] = "00000000-0000-4000-8000-00000000bad0", UNREADABLE
    middle = len(listed) // 2
    ordered = str(bad.get("eventSourceARN", "")).endswith(".fifo")
    group = _group(bad)
    behind = [identifier(one) for one in listed[middle:] if ordered and _group(one) == group]
    names = frozenset((bad["messageId"], *behind))
    return Spoilt(
        {**event, "Records": [*listed[:middle], bad, *listed[middle:]]}, bad["messageId"], names, False, ordered
    )


def _group(message: Mapping[str, Any]) -> Any:
    attributes = message.get("attributes")
    return attributes.get("MessageGroupId") if isinstance(attributes, Mapping) else None


def _following(number: Any) -> str:
    """A sequence number behind another one, of the same length if it can be."""
    text = str(number)
    return str(int(text) + 1) if text.isdecimal() and len(text) < 200 else f"{text}1"


def _data(last: Any) -> Any:
    bad = copy.deepcopy(last)
    inner = bad.get("kinesis")
    if not isinstance(inner, dict) or "sequenceNumber" not in inner:
        return None
    inner |= {"sequenceNumber": _following(inner["sequenceNumber"]), "data": _DATA}
    bad["eventID"] = f"shardId-000000000000:{inner['sequenceNumber']}"
    return bad


def _row(last: Any) -> Any:
    """An item without what is expected of it: its keys alone, and they say nothing."""
    bad = copy.deepcopy(last)
    inner = bad.get("dynamodb")
    if not isinstance(inner, dict) or "SequenceNumber" not in inner:
        return None
    inner["SequenceNumber"] = _following(inner["SequenceNumber"])
    for image in ("NewImage", "OldImage"):
        if image in inner:
            inner[image] = {"lambent-bad": {"NULL": True}}
    bad["eventID"] = "bad0"
    return bad
