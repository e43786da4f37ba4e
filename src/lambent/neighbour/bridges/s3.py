"""S3's event notifications: to functions, queues and topics, and to EventBridge.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html (the record),
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html (what is
sent when), https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html (EventBridge).
"""

import base64
import itertools
import json
import secrets
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from lambent.neighbour.bridges.handing import Gateway, Message, behind

SERVICE = "s3"
LATER = ("ObjectTagging", "ObjectAcl", "LifecycleExpiration", "LifecycleTransition", "IntelligentTiering")
"""Events whose records are of version 2.3 (the first source); all others are of 2.1."""
REASONS = {
    "ObjectCreated:Put": "PutObject",
    "ObjectCreated:Post": "POST Object",
    "ObjectCreated:Copy": "CopyObject",
    "ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
    "ObjectRemoved:Delete": "DeleteObject",
    "ObjectRemoved:DeleteMarkerCreated": "DeleteObject",
}
DELETIONS = {
    "ObjectRemoved:Delete": "Permanently Deleted",
    "ObjectRemoved:DeleteMarkerCreated": "Delete Marker Created",
}

_sequence = itertools.count(time.time_ns())


def send_event(gateway: Gateway, _former: Any) -> Callable[..., None]:
    """In place of moto's: what a change of an object sends."""

    def send(account_id: str, event_name: Any, bucket: Any, key: Any) -> None:
        configuration = bucket.notification_configuration
        if configuration is None:
            return
        event = str(getattr(event_name, "value", event_name))
        wanted = [*configuration.cloud_function, *configuration.queue, *configuration.topic]
        for one in wanted:
            if one.matches(event, key.name):
                _send(
                    gateway, account_id, bucket.arn, one.arn, json.dumps(record(account_id, event, bucket, key, one.id))
                )
        if configuration.event_bridge is not None:
            _to_event_bridge(gateway, account_id, event, bucket, key)

    return send


def send_test_event(gateway: Gateway, _former: Any) -> Callable[..., None]:
    """In place of moto's: what queues and topics get when they are configured."""

    def send(account_id: str, bucket: Any) -> None:
        configuration = bucket.notification_configuration
        for arn in dict.fromkeys(one.arn for one in (*configuration.queue, *configuration.topic)):
            document = {
                "Service": "Amazon S3",
                "Event": "s3:TestEvent",
                "Time": _now(),
                "Bucket": bucket.name,
                "RequestId": _request_id(),
                "HostId": _host_id(),
            }
            _send(gateway, account_id, bucket.arn, arn, json.dumps(document))

    return send


def set_delete_marker(_gateway: Gateway, former: Callable[..., Any]) -> Callable[..., Any]:
    """Around moto's, which says nothing of the markers that it makes."""

    def mark(backend: Any, bucket_name: str, key_name: str) -> Any:
        from moto.s3 import notifications

        marker = former(backend, bucket_name, key_name)
        event = notifications.S3NotificationEvent.OBJECT_REMOVED_DELETE_MARKER_CREATED_EVENT
        notifications.send_event(backend.account_id, event, backend.get_bucket(bucket_name), marker)
        return marker

    return mark


def record(account_id: str, event: str, bucket: Any, key: Any, configuration_id: str) -> dict[str, Any]:
    """The document of one event; `event` is "s3:ObjectCreated:Put" or so."""
    name = event.removeprefix("s3:")
    about: dict[str, Any] = {"key": quote_plus(key.name, safe="/")}
    if not name.startswith("ObjectRemoved"):
        about |= {"size": key.size, "eTag": key.etag.strip('"')}
    if bucket.is_versioned:
        about["versionId"] = key.version_id
    about["sequencer"] = _sequencer()
    return {
        "Records": [
            {
                "eventVersion": "2.3" if name.startswith(LATER) else "2.1",
                "eventSource": "aws:s3",
                "awsRegion": bucket.region_name,
                "eventTime": _now(),
                "eventName": name,
                "userIdentity": {"principalId": f"AWS:{account_id}"},
                "requestParameters": {"sourceIPAddress": _asker()},
                "responseElements": {"x-amz-request-id": _request_id(), "x-amz-id-2": _host_id()},
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": configuration_id,
                    "bucket": {
                        "name": bucket.name,
                        "ownerIdentity": {"principalId": _owner()},
                        "arn": bucket.arn,
                    },
                    "object": about,
                },
            }
        ]
    }


def _send(gateway: Gateway, account_id: str, origin: str, target: str, body: str) -> None:
    if target.split(":")[2] != "sns":
        gateway.hand(SERVICE, Message(origin, target, body))
        return
    from moto.sns.models import sns_backends

    try:
        with behind(SERVICE):
            sns_backends[account_id][target.split(":")[3]].publish(
                arn=target, message=body, subject="Amazon S3 Notification"
            )
    except Exception as error:  # the object was changed all the same
        gateway.hand(SERVICE, Message(origin, target, problem=f"{type(error).__name__}: {error}"))


def _to_event_bridge(gateway: Gateway, account_id: str, event: str, bucket: Any, key: Any) -> None:
    from moto.events.models import events_backends

    document = bridge_event(account_id, event, bucket, key)
    bus = events_backends[account_id][bucket.region_name].event_buses["default"]
    with behind(SERVICE):
        for rule in tuple(bus.rules.values()):
            rule.send_to_targets(document)


def bridge_event(account_id: str, event: str, bucket: Any, key: Any) -> Any:
    """The event that EventBridge gets; it is sent to the default bus alone."""
    from moto.s3.notifications import _detail_type

    name = event.removeprefix("s3:")
    about: dict[str, Any] = {"key": key.name}
    if not name.startswith("ObjectRemoved"):
        about |= {"size": key.size, "etag": key.etag.strip('"')}
    if bucket.is_versioned:
        about["version-id"] = key.version_id
    about["sequencer"] = _sequencer()
    detail = {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": about,
        "request-id": _request_id(),
        "requester": account_id,
        "source-ip-address": _asker(),
    }
    detail |= {"reason": REASONS[name]} if name in REASONS else {}
    detail |= {"deletion-type": DELETIONS[name]} if name in DELETIONS else {}
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": _detail_type(event),
        "source": "aws.s3",
        "account": account_id,
        "time": time.time(),
        "region": bucket.region_name,
        "resources": [bucket.arn],
        "detail": detail,
        "ingestion-time": time.time(),
    }


def _asker() -> str | None:
    """The address of whoever made the request at hand."""
    import flask

    return flask.request.remote_addr if flask.has_request_context() else "127.0.0.1"


def _owner() -> str:
    from moto.s3.models import OWNER

    return str(OWNER)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _sequencer() -> str:
    """Grows with every event of this process, and from one process to the next."""
    return f"{next(_sequence):018X}"


def _request_id() -> str:
    return secrets.token_hex(8).upper()


def _host_id() -> str:
    return base64.b64encode(secrets.token_bytes(56)).decode()
