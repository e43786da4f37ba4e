"""Subscriptions of log groups: what is configured, and what is sent."""

import base64
import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from lambent.engine.log_payload import PAYLOAD_BYTES, Source, for_function, payloads
from lambent.model.push import Push
from tests.unit.services_logs.wired import HERE, NOW, Wired, with_logs
from tests.unit.waiting import turns, until

FUNCTION = "arn:aws:lambda:eu-west-1:111111111111:function:f"
STREAM = "arn:aws:kinesis:eu-west-1:111111111111:stream/s"
ROLE = "arn:aws:iam::111111111111:role/r"


def put(destination: str = FUNCTION, name: str = "n", pattern: str = "", **more: Any) -> dict[str, Any]:
    given = {"logGroupName": "g", "filterName": name, "filterPattern": pattern, "destinationArn": destination}
    return given | more


def document(push: Push) -> dict[str, Any]:
    """What a push's receiver makes of it."""
    said = json.loads(push.delivery.body)
    data = said["awslogs"]["data"] if "awslogs" in said else said["Data"]["base64"]
    return dict(json.loads(gzip.decompress(base64.b64decode(data))))


async def log(logs: Wired, *messages: str, stream: str = "s") -> None:
    """Events of now, and what follows from them."""
    events = [{"timestamp": logs.now, "message": message} for message in messages]
    await logs.call("PutLogEvents", logGroupName="g", logStreamName=stream, logEvents=events)
    await turns()
    await until(lambda: not logs.subscriptions._working)


async def begin(logs: Wired) -> None:
    await logs.call("CreateLogGroup", logGroupName="g")
    await logs.call("CreateLogStream", logGroupName="g", logStreamName="s")


def test_a_function_gets_what_matches(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await begin(logs)
        await logs.call("PutSubscriptionFilter", **put(pattern="ERROR"))
        await log(logs, "ERROR one", "fine", "ERROR two")
        [push] = logs.pushed
        assert (push.kind, push.delivery.target, push.delivery.call) == ("logs", FUNCTION, "")
        assert push.delivery.arn == "arn:aws:logs:eu-west-1:111111111111:log-group:g:*"
        said = document(push)
        ids = [event.pop("id") for event in said["logEvents"]]
        assert len(set(ids)) == 2 and all(len(one) == 56 and one.isdigit() for one in ids)
        assert said == {
            "messageType": "DATA_MESSAGE",
            "owner": "111111111111",
            "logGroup": "g",
            "logStream": "s",
            "subscriptionFilters": ["n"],
            "logEvents": [{"timestamp": NOW, "message": "ERROR one"}, {"timestamp": NOW, "message": "ERROR two"}],
        }

    with_logs(tmp_path, body)


def test_what_functions_log_is_heard_of(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await begin(logs)
        await logs.call("PutSubscriptionFilter", **put())
        logs.store.append(logs.store.stream(HERE, "g", "new"), NOW, "hello")
        logs.store.append(logs.store.stream(HERE, "other", "x"), NOW, "not this")
        await logs.store.flush()
        await log(logs, "after")
        assert [(document(one)["logStream"], len(document(one)["logEvents"])) for one in logs.pushed] == [
            ("new", 1),
            ("s", 1),
        ]

    with_logs(tmp_path, body)


def test_a_stream_gets_a_control_message_and_then_records_by_log_stream(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await begin(logs)
        await logs.call("PutSubscriptionFilter", **put(STREAM, roleArn=ROLE))
        await log(logs, "a")
        control, data = logs.pushed
        assert document(control)["messageType"] == "CONTROL_MESSAGE"
        assert document(control)["owner"] == "CloudwatchLogs"
        assert (data.delivery.call, data.delivery.group, data.role) == ("kinesis:PutRecord", "s", ROLE)
        said = json.loads(data.delivery.body)
        assert (said["StreamARN"], said["PartitionKey"]) == (STREAM, "s")
        await logs.call("PutSubscriptionFilter", **put(STREAM, roleArn=ROLE, distribution="Random"))
        await log(logs, "b")
        assert json.loads(logs.pushed[-1].delivery.body)["PartitionKey"] != "s"

    with_logs(tmp_path, body)


def test_filters_are_listed_changed_and_deleted(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await begin(logs)
        for name in ("a", "b"):
            await logs.call("PutSubscriptionFilter", **put(name=name))
        assert await logs.refused("PutSubscriptionFilter", **put(name="c")) == (
            "LimitExceededException",
            "Resource limit exceeded.",
        )
        logs.now += 5_000
        await logs.call("PutSubscriptionFilter", **put(name="b", pattern="x"))
        found = await logs.call("DescribeSubscriptionFilters", logGroupName="g", filterNamePrefix="b")
        assert found["subscriptionFilters"] == [
            put(name="b", pattern="x", distribution="ByLogStream", creationTime=NOW),
        ]  # fmt: skip
        await logs.call("DeleteSubscriptionFilter", logGroupName="g", filterName="a")
        await log(logs, "xyz")
        assert [document(one)["subscriptionFilters"] for one in logs.pushed] == [["b"]]
        gone = await logs.refused("DeleteSubscriptionFilter", logGroupName="g", filterName="a")
        assert gone == ("ResourceNotFoundException", "The specified subscription filter does not exist.")
        await logs.call("DeleteLogGroup", logGroupName="g")
        await begin(logs)
        assert (await logs.call("DescribeSubscriptionFilters", logGroupName="g"))["subscriptionFilters"] == []
        await log(logs, "xyz")
        assert len(logs.pushed) == 1

    with_logs(tmp_path, body)


@pytest.mark.parametrize(
    ("given", "code", "text"),
    [
        (put("arn:aws:sns:eu-west-1:111111111111:t"), "InvalidParameterException",
         "PutSubscriptionFilter operation cannot work with destinationArn for vendor sns"),
        (put(STREAM), "InvalidParameterException",
         "destinationArn for vendor kinesis cannot be used without roleArn"),
        (put(roleArn=ROLE), "InvalidParameterException",
         "destinationArn for vendor lambda cannot be used with roleArn"),
        (put("arn:aws:firehose:eu-west-1:111111111111:deliverystream/d", roleArn=ROLE), "NotImplementedException",
         "Lambent does not support delivery streams of Firehose as the destination of a subscription filter yet."),
        (put(pattern="[a,"), "InvalidParameterException", "Invalid"),
        (put("hello"), "InvalidParameterException", "PutSubscriptionFilter operation cannot work"),
        (put(emitSystemFields=["@aws.account"]), "InvalidParameterException", "Lambent does not support emitSystem"),
        (put() | {"logGroupName": "none"}, "ResourceNotFoundException", "The specified log group does not exist."),
    ],
)  # fmt: skip
def test_what_a_filter_can_not_be(tmp_path: Path, given: dict[str, Any], code: str, text: str) -> None:
    async def body(logs: Wired) -> None:
        await begin(logs)
        said = await logs.refused("PutSubscriptionFilter", **given)
        assert said[0] == code
        assert said[1].startswith(text), said[1]

    with_logs(tmp_path, body)


def test_a_destination_that_can_not_be_reached(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await begin(logs)
        logs.unreachable = "Could not execute the lambda function."
        assert (await logs.refused("PutSubscriptionFilter", **put()))[1] == logs.unreachable
        assert (await logs.call("DescribeSubscriptionFilters", logGroupName="g"))["subscriptionFilters"] == []

    with_logs(tmp_path, body)


def test_a_function_that_is_sent_its_own_log_is_a_finding(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await logs.call("CreateLogGroup", logGroupName="/aws/lambda/f")
        await logs.call("PutSubscriptionFilter", **put() | {"logGroupName": "/aws/lambda/f"})
        [finding] = logs.findings.all()
        assert (finding.code, finding.resource.rpartition(":")[2]) == ("log-loop", "/aws/lambda/f")
        await logs.call("DeleteSubscriptionFilter", logGroupName="/aws/lambda/f", filterName="n")
        assert logs.findings.all() == []

    with_logs(tmp_path, body)


def test_large_batches_are_cut_so_that_a_function_can_take_them() -> None:
    noise = random.Random(1)
    events = [(str(n), n, "".join(chr(noise.randrange(33, 127)) for _ in range(50_000))) for n in range(20)]
    sent = list(payloads(Source("1", "g", "s", "n"), events))
    assert all(len(for_function(payload)) < 262_144 for payload in sent)
    found = [event["timestamp"] for payload in sent for event in json.loads(gzip.decompress(payload))["logEvents"]]
    assert found == list(range(20))
    assert len(list(payloads(Source("1", "g", "s", "n"), [("1", 1, "x" * (PAYLOAD_BYTES + 1))]))) == 1
