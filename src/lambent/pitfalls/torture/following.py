"""What follows a function: the functions that its messages, objects, events and results drive, and what each gets.

Pure. A chain is followed by hand, not left to queues: what a run sent is given to who would get it, in the order in
which it was sent, one at a time. So a trial knows when a chain has ended, and the same trial is the same again.

Shapes of the events: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html, with-sns.html, with-s3.html,
https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html, and of what a destination gets
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from lambent.pitfalls.torture.effects import Call

MOST_FOLLOWED, MOST_DEEP = 20, 3
"""Invocations of what follows in one trial, and how far from the function."""
_CREATES = {"PutObject": "Put", "CopyObject": "Copy", "CompleteMultipartUpload": "CompleteMultipartUpload"}


@dataclass(frozen=True, slots=True)
class Way:
    """What drives `function`: a queue, topic, bucket or bus of a name (kind "sqs", "sns", "s3", "events"), or the
    result of another function (kind "result"). `only` is what of it: events and filter of a bucket's, the pattern of a
    rule; the `queue` between a topic or a result and the function, and whether a topic's messages come `raw`."""

    kind: str
    place: str
    function: str
    only: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Next:
    """What a function of the chain gets. `pattern` must match the event, where it is not None."""

    way: Way
    event: dict[str, Any]

    @property
    def pattern(self) -> str | None:
        """Of a rule."""
        found: str | None = self.way.only.get("pattern")
        return found


def target(call: Call) -> tuple[str, str] | None:
    """(kind, place) of what a call sends to or writes."""
    params, service, operation = call["params"], call["service"], call["operation"]
    if not call["done"] or call["error"]:
        return None
    if service == "sqs" and operation in ("SendMessage", "SendMessageBatch"):
        return "sqs", str(params.get("QueueUrl", "")).rpartition("/")[2]
    if service == "sns" and operation in ("Publish", "PublishBatch"):
        return "sns", str(params.get("TopicArn", "")).rpartition(":")[2]
    if service == "s3" and operation in _CREATES:
        return "s3", str(params.get("Bucket", ""))
    if service == "events" and operation == "PutEvents":
        buses = [str(one.get("EventBusName") or "default").rpartition("/")[2] for one in params.get("Entries", ())]
        return "events", buses[0] if buses else "default"
    return None


def of_call(call: Call, ways: Iterable[Way], account: str, region: str, number: int, now: float) -> Iterator[Next]:
    """Who gets what a call sent. `number` tells messages of a trial apart, `now` is seconds since 1970."""
    found = target(call)
    for way in ways if found is not None else ():
        if (way.kind, way.place) != found:
            continue
        for place, message in enumerate(_messages(call)):
            about = _About(account, region, f"{number}.{place}", now)
            event = _EVENTS[way.kind](message, way, about)
            if event is not None:
                yield Next(way, event)


def of_result(way: Way, event: Any, answer: Any, account: str, region: str, now: float) -> Next:
    """What a destination for successes gets."""
    arn = f"arn:aws:lambda:{region}:{account}:function:{way.place}"
    record = {
        "version": "1.0",
        "timestamp": _iso(now),
        "requestContext": {
            "requestId": _id(f"result {now}"), "functionArn": f"{arn}:$LATEST", "condition": "Success",
            "approximateInvokeCount": 1,
        },
        "requestPayload": event,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": answer,
    }  # fmt: skip
    queue = way.only.get("queue")
    if queue is None:
        return Next(way, record)
    about = _About(account, region, "result", now)
    return Next(way, {"Records": [_record(json.dumps(record), {}, queue, {}, about)]})


@dataclass(frozen=True, slots=True)
class _About:
    account: str
    region: str
    number: str
    now: float

    def arn(self, service: str, name: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{name}"

    @property
    def id(self) -> str:
        return _id(f"{self.number} {self.now}")


def _messages(call: Call) -> list[dict[str, Any]]:
    """What one call sends, message by message."""
    params = call["params"]
    for member in ("Entries", "PublishBatchRequestEntries"):
        if isinstance(params.get(member), list):
            return [{**params, **one} for one in params[member]]
    return [{**params, "operation": call["operation"]}]


def _of_queue(message: Mapping[str, Any], way: Way, about: _About) -> dict[str, Any]:
    body = str(message.get("MessageBody", ""))
    said = message.get("MessageAttributes") or {}
    return {
        "Records": [_record(body, {name: _attribute(one) for name, one in said.items()}, way.place, message, about)]
    }


def _record(
    body: str, attributes: dict[str, Any], queue: str, message: Mapping[str, Any], about: _About
) -> dict[str, Any]:
    group = message.get("MessageGroupId")
    return {
        "messageId": about.id,
        "receiptHandle": f"handle-{about.number}",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": str(round(about.now * 1000)),
            "SenderId": about.account,
            "ApproximateFirstReceiveTimestamp": str(round(about.now * 1000)),
            **({"MessageGroupId": group} if group else {}),
        },
        "messageAttributes": attributes,
        "md5OfBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": about.arn("sqs", queue),
        "awsRegion": about.region,
    }


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    said = {"stringListValues": [], "binaryListValues": [], "dataType": value.get("DataType", "String")}
    return {**said, **({"stringValue": value["StringValue"]} if "StringValue" in value else {})}


def _of_topic(message: Mapping[str, Any], way: Way, about: _About) -> dict[str, Any]:
    said = message.get("MessageAttributes") or {}
    attributes = {
        name: {"Type": one.get("DataType", "String"), "Value": one.get("StringValue", "")} for name, one in said.items()
    }
    arn = about.arn("sns", way.place)
    envelope = {
        "Type": "Notification", "MessageId": about.id, "TopicArn": arn, "Subject": message.get("Subject"),
        "Message": message.get("Message", ""), "Timestamp": _iso(about.now),
    }  # fmt: skip
    queue = way.only.get("queue")
    if queue is None:
        record = {"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": f"{arn}:{_id(arn)}"}
        return {"Records": [{**record, "Sns": {**envelope, "MessageAttributes": attributes}}]}
    shown = {key: value for key, value in envelope.items() if value is not None}
    body = str(message.get("Message", "")) if way.only.get("raw") else json.dumps(shown)
    carried = {name: _attribute(one) for name, one in said.items()} if way.only.get("raw") else {}
    return {"Records": [_record(body, carried, queue, message, about)]}


def _of_bucket(message: Mapping[str, Any], way: Way, about: _About) -> dict[str, Any] | None:
    key, event = str(message.get("Key", "")), f"ObjectCreated:{_CREATES[message['operation']]}"
    wanted = way.only.get("events", ())
    if not any(one.removeprefix("s3:") in (event, "ObjectCreated:*") for one in wanted):
        return None
    if not (key.startswith(way.only.get("prefix", "")) and key.endswith(way.only.get("suffix", ""))):
        return None
    record = {
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": about.region, "eventTime": _iso(about.now),
        "eventName": event, "userIdentity": {"principalId": f"AWS:{about.account}"},
        "s3": {
            "s3SchemaVersion": "1.0", "configurationId": "trial",
            "bucket": {"name": way.place, "arn": f"arn:aws:s3:::{way.place}"},
            "object": {"key": quote_plus(key, safe="/"), "sequencer": f"{int(about.now * 1e6):018X}"},
        },
    }  # fmt: skip
    return {"Records": [record]}


def _of_bus(message: Mapping[str, Any], way: Way, about: _About) -> dict[str, Any] | None:
    if str(message.get("EventBusName") or "default").rpartition("/")[2] != way.place:
        return None
    try:
        detail = json.loads(message.get("Detail") or "{}")
    except ValueError:
        return None
    return {
        "version": "0", "id": about.id, "detail-type": message.get("DetailType", ""),
        "source": message.get("Source", ""), "account": about.account, "region": about.region,
        "time": _iso(about.now)[:19] + "Z",
        "resources": message.get("Resources") or [], "detail": detail,
    }  # fmt: skip


_EVENTS = {"sqs": _of_queue, "sns": _of_topic, "s3": _of_bucket, "events": _of_bus}


def _iso(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:23] + "Z"


def _id(text: str) -> str:
    """An id as AWS's look, the same for the same text."""
    digits = hashlib.sha256(text.encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"
