"""What a log group's subscription sends: matching events, compressed.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html,
https://docs.aws.amazon.com/lambda/latest/dg/services-cloudwatchlogs.html
"""

import base64
import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SUBSCRIPTION = "log-subscription"
"""The kind under which filters are stored, by group."""
PAYLOAD_BYTES = 180_000
"""Bytes of messages in one payload, about: compressed and in Base64 no more than an asynchronous event may have."""
EVENT_BYTES = 120
"""What an event takes beside its message."""
CHECKING = "CWL CONTROL MESSAGE: Checking health of destination Kinesis stream."


@dataclass(frozen=True, slots=True)
class Source:
    """Where events come from, and the filter that they passed."""

    account: str
    group: str
    stream: str
    filter: str


Event = tuple[str, int, str]
"""Its id, ms since 1970, the message."""


def payloads(source: Source, events: Sequence[Event]) -> Iterator[bytes]:
    """Compressed documents that hold all events, in order."""
    for some in _batches(events):
        document = {
            "messageType": "DATA_MESSAGE",
            "owner": source.account,
            "logGroup": source.group,
            "logStream": source.stream,
            "subscriptionFilters": [source.filter],
            "logEvents": [{"id": one, "timestamp": at, "message": message} for one, at, message in some],
        }
        yield _compressed(document)


def control(now: int) -> bytes:
    """What a stream gets when it is subscribed, at `now` (ms since 1970)."""
    event = {"id": "", "timestamp": now, "message": CHECKING}
    document = {
        "messageType": "CONTROL_MESSAGE",
        "owner": "CloudwatchLogs",
        "logGroup": "",
        "logStream": "",
        "subscriptionFilters": [],
        "logEvents": [event],
    }
    return _compressed(document)


def for_function(payload: bytes) -> bytes:
    """The event that a function is invoked with."""
    return json.dumps({"awslogs": {"data": base64.b64encode(payload).decode()}}).encode()


def _batches(events: Sequence[Event]) -> Iterator[list[Event]]:
    batch: list[Event] = []
    size = 0
    for event in events:
        more = len(event[2].encode("utf-8", "replace")) + EVENT_BYTES
        if batch and size + more > PAYLOAD_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += more
    if batch:
        yield batch


def _compressed(document: object) -> bytes:
    return gzip.compress(json.dumps(document).encode(), 5, mtime=0)
