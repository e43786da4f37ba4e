"""What a changed object sends: to functions, queues, topics and the default event bus, as its bucket says.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html (the record),
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html (what is
sent when), https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html (EventBridge).
"""

import base64
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote_plus

import orjson

from lambent.clock import Clock
from lambent.objects.buckets import Bucket
from lambent.objects.names import key_text
from lambent.store.objects import VersionRow

SETTING = "NotificationConfiguration"
KINDS = {
    "LambdaFunctionConfigurations": "LambdaFunctionArn",
    "QueueConfigurations": "QueueArn",
    "TopicConfigurations": "TopicArn",
}
"""Member of a configuration -> the member that names the destination."""
LATER = ("ObjectTagging", "ObjectAcl", "LifecycleExpiration", "LifecycleTransition", "IntelligentTiering")
"""Events whose records are of version 2.3 (the first source); all others are of 2.1."""
REASONS = {
    "ObjectCreated:Put": "PutObject",
    "ObjectCreated:Post": "POST Object",
    "ObjectCreated:Copy": "CopyObject",
    "ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
    "ObjectRemoved:Delete": "DeleteObject",
    "ObjectRemoved:DeleteMarkerCreated": "DeleteObject",
    "LifecycleExpiration:Delete": "Lifecycle Expiration",
    "LifecycleExpiration:DeleteMarkerCreated": "Lifecycle Expiration",
}
DELETIONS = {"Delete": "Permanently Deleted", "DeleteMarkerCreated": "Delete Marker Created"}
BRIDGED = {
    "ObjectCreated": "Object Created",
    "ObjectRemoved": "Object Deleted",
    "LifecycleExpiration": "Object Deleted",
    "ObjectTagging:Put": "Object Tags Added",
    "ObjectTagging:Delete": "Object Tags Deleted",
    "ObjectAcl": "Object ACL Updated",
}
GONE = ("ObjectRemoved", "LifecycleExpiration")


class Asker(NamedTuple):
    """Who made a request: an account ("" for nobody), the request's id, its address and its trace header."""

    account: str
    request_id: str
    address: str = "127.0.0.1"
    trace: str = ""
    host_id: str = ""


class Notices:
    """Messages to be sent. Both kinds are made within the change that they are of, so that their numbers are in its
    order."""

    def __init__(self, clock: Clock, next_number: Callable[[], int]) -> None:
        self._clock = clock
        self._next = next_number

    def of(self, bucket: Bucket, event: str, row: VersionRow, asker: Asker) -> list[tuple[int, bytes]]:
        """What one event sends, as the outbox keeps it."""
        said = bucket.settings.get(SETTING)
        if not said:
            return []
        sequence = self._next()
        found = messages(bucket, said, event, row, asker, self._clock.wall(), sequence)
        return [(self._next(), orjson.dumps(one)) for one in found]

    def tests(self, bucket: Bucket, said: Mapping[str, Any], asker: Asker) -> list[tuple[int, bytes]]:
        """What a new configuration sends, as the outbox keeps it."""
        return [(self._next(), orjson.dumps(one)) for one in test_messages(bucket, said, asker, self._clock.wall())]


def messages(
    bucket: Bucket, said: Mapping[str, Any], event: str, row: VersionRow, asker: Asker, now: float, sequence: int
) -> list[dict[str, Any]]:
    """The messages of one event ("ObjectCreated:Put"): destination, body and what else is needed to send them.

    `sequence` grows from event to event."""
    key = key_text(row.key)
    found = []
    for kind, member in KINDS.items():
        for one in said.get(kind) or ():
            if wants(one, event, key):
                body = orjson.dumps({"Records": [record(bucket, event, row, asker, now, sequence, one["Id"])]}).decode()
                found.append(_message(bucket, one[member], body, asker))
    if "EventBridgeConfiguration" in said:
        target = f"arn:aws:events:{bucket.scope.region}:{bucket.scope.account}:event-bus/default"
        detail_type = BRIDGED.get(event) or BRIDGED.get(event.partition(":")[0])
        if detail_type:
            detail = orjson.dumps(detail_of(bucket, event, row, asker, sequence)).decode()
            found.append({**_message(bucket, target, detail, asker), "detail_type": detail_type, "now": now})
    return found


def test_messages(bucket: Bucket, said: Mapping[str, Any], asker: Asker, now: float) -> list[dict[str, Any]]:
    """What queues and topics get when they are configured."""
    targets = [
        one[KINDS[kind]] for kind in ("QueueConfigurations", "TopicConfigurations") for one in said.get(kind) or ()
    ]
    document = {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": _time(now),
        "Bucket": bucket.name,
        "RequestId": asker.request_id,
        "HostId": host_id(),
    }
    return [_message(bucket, arn, orjson.dumps(document).decode(), asker) for arn in dict.fromkeys(targets)]


def _message(bucket: Bucket, target: str, body: str, asker: Asker) -> dict[str, Any]:
    return {
        "target": target,
        "body": body,
        "origin": bucket.arn,
        "account": bucket.scope.account,
        "region": bucket.scope.region,
        "trace": asker.trace,
    }


def wants(configuration: Mapping[str, Any], event: str, key: str) -> bool:
    """Whether one configuration is about an event of a key."""
    if not any(_is(named.removeprefix("s3:"), event) for named in configuration["Events"]):
        return False
    prefix, suffix = filters(configuration)
    return key.startswith(prefix) and key.endswith(suffix)


def filters(configuration: Mapping[str, Any]) -> tuple[str, str]:
    """The prefix and the suffix of the keys that it is about."""
    rules: Iterable[Mapping[str, str]] = ((configuration.get("Filter") or {}).get("Key") or {}).get("FilterRules") or ()
    said = {rule["Name"].lower(): rule.get("Value", "") for rule in rules}
    return said.get("prefix", ""), said.get("suffix", "")


def _is(named: str, event: str) -> bool:
    return event.startswith(named[:-1]) if named.endswith(":*") else named == event


def record(
    bucket: Bucket, event: str, row: VersionRow, asker: Asker, now: float, sequence: int, configuration: str
) -> dict[str, Any]:
    """The record of one event."""
    about: dict[str, Any] = {"key": quote_plus(key_text(row.key), safe="/")}
    if not event.startswith(GONE):
        about |= {"size": row.size, "eTag": row.etag}
    if bucket.versioning and row.version != "null":
        about["versionId"] = row.version
    about["sequencer"] = f"{sequence:018X}"
    return {
        "eventVersion": "2.3" if event.startswith(LATER) else "2.1",
        "eventSource": "aws:s3",
        "awsRegion": bucket.scope.region,
        "eventTime": _time(now),
        "eventName": event,
        "userIdentity": {"principalId": f"AWS:{asker.account}"},
        "requestParameters": {"sourceIPAddress": asker.address},
        "responseElements": {"x-amz-request-id": asker.request_id, "x-amz-id-2": asker.host_id or host_id()},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration,
            "bucket": {
                "name": bucket.name,
                "ownerIdentity": {"principalId": bucket.scope.account},
                "arn": bucket.arn,
            },
            "object": about,
        },
    }


def detail_of(bucket: Bucket, event: str, row: VersionRow, asker: Asker, sequence: int) -> dict[str, Any]:
    """The detail of EventBridge's event."""
    about: dict[str, Any] = {"key": key_text(row.key)}
    if not event.startswith(GONE):
        about |= {"size": row.size, "etag": row.etag}
    if bucket.versioning and row.version != "null":
        about["version-id"] = row.version
    about["sequencer"] = f"{sequence:018X}"
    detail = {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": about,
        "request-id": asker.request_id,
        "requester": asker.account,
        "source-ip-address": asker.address,
    }
    detail |= {"reason": REASONS[event]} if event in REASONS else {}
    if event.startswith(GONE):
        detail["deletion-type"] = DELETIONS[event.partition(":")[2]]
    return detail


def host_id() -> str:
    """The header x-amz-id-2."""
    return base64.b64encode(secrets.token_bytes(56)).decode()


def _time(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
