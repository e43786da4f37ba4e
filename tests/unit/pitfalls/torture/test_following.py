"""What the calls of a run drive, and what each function of the chain gets."""

import json
from typing import Any

import pytest

from lambent.pitfalls.torture import effects, following
from lambent.pitfalls.torture.following import Way

ACCOUNT, REGION, NOW = "111122223333", "eu-west-1", 1_800_000_000.5
URL = f"http://127.0.0.1:4566/{ACCOUNT}/jobs"


def call(service: str, operation: str, **params: Any) -> dict[str, Any]:
    said = {"step": 0, "done": True, "error": "", "reads": False}
    return {**said, "service": service, "operation": operation, "params": params}


def given(made: dict[str, Any], *ways: Way) -> list[Any]:
    return [one.event for one in following.of_call(made, ways, ACCOUNT, REGION, 3, NOW)]


def test_messages_of_a_queue_come_one_by_one() -> None:
    entries = [{"Id": "1", "MessageBody": "a"}, {"Id": "2", "MessageBody": "b", "MessageGroupId": "g"}]
    made = call("sqs", "SendMessageBatch", QueueUrl=URL, Entries=entries)
    first, second = given(made, Way("sqs", "jobs", "worker"), Way("sqs", "other", "nobody"))
    (one,), (two,) = first["Records"], second["Records"]
    assert (one["body"], two["body"], two["attributes"]["MessageGroupId"]) == ("a", "b", "g")
    assert one["eventSourceARN"] == f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs" and one["messageId"] != two["messageId"]


def test_a_message_of_a_topic_comes_by_itself_or_through_a_queue() -> None:
    attributes = {"kind": {"DataType": "String", "StringValue": "x"}}
    made = call("sns", "Publish", TopicArn="arn:aws:sns:e:1:news", Message="hi", MessageAttributes=attributes)
    raw = {"queue": "jobs", "raw": True}
    straight, wrapped, plain = given(
        made, Way("sns", "news", "f"), Way("sns", "news", "g", {"queue": "jobs"}), Way("sns", "news", "h", raw)
    )
    assert straight["Records"][0]["Sns"]["MessageAttributes"] == {"kind": {"Type": "String", "Value": "x"}}
    assert json.loads(wrapped["Records"][0]["body"])["Message"] == "hi"
    assert plain["Records"][0]["body"] == "hi"
    assert plain["Records"][0]["messageAttributes"]["kind"]["stringValue"] == "x"


@pytest.mark.parametrize(
    ("key", "events", "comes"),
    [
        ("in/a b.csv", ["s3:ObjectCreated:*"], True),
        ("in/a b.csv", ["s3:ObjectCreated:Put"], True),
        ("in/a b.csv", ["s3:ObjectRemoved:*"], False),
        ("out/a.csv", ["s3:ObjectCreated:*"], False),
    ],
)
def test_an_object_comes_where_its_notification_is_for_it(key: str, events: list[str], comes: bool) -> None:
    way = Way("s3", "papers", "reader", {"events": events, "prefix": "in/", "suffix": ".csv"})
    found = given(call("s3", "PutObject", Bucket="papers", Key=key), way)
    assert len(found) == comes
    for event in found:
        assert event["Records"][0]["s3"]["object"]["key"] == "in/a+b.csv"


def test_an_event_of_a_bus_and_a_result() -> None:
    entries = [{"Source": "shop", "DetailType": "order", "Detail": '{"id": 1}'}, {"EventBusName": "x", "Detail": "{"}]
    (event,) = given(call("events", "PutEvents", Entries=entries), Way("events", "default", "f"))
    assert (event["detail"], event["detail-type"], event["time"]) == ({"id": 1}, "order", "2027-01-15T08:00:00Z")
    way = Way("result", "f", "g")
    record = following.of_result(way, {"a": 1}, "done", ACCOUNT, REGION, NOW).event
    assert (record["requestPayload"], record["responsePayload"]) == ({"a": 1}, "done")


def test_what_failed_or_only_asks_drives_nobody() -> None:
    failed = {**call("sqs", "SendMessage", QueueUrl=URL, MessageBody="a"), "error": "AccessDenied"}
    assert given(failed, Way("sqs", "jobs", "worker")) == []
    assert given(call("sqs", "ReceiveMessage", QueueUrl=URL), Way("sqs", "jobs", "worker")) == []


def test_what_was_followed_is_no_effect_by_itself() -> None:
    sent = call("sqs", "SendMessage", QueueUrl=URL, MessageBody="a")
    follower = {**call("sns", "Publish", Message="m"), "function": "mailer"}
    state = effects.state({}, {}, [{**sent, "followed": True}, follower])
    assert [name for name, _ in state.sent] == ["sns:Publish of mailer"]
