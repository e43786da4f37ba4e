from pathlib import Path
from typing import Any

import pytest

from lambent.model.scope import Scope
from tests.unit.services_logs.wired import HERE, NOW, Wired, with_logs

GROUP = "/aws/lambda/f"
ARN = f"arn:aws:logs:eu-west-1:111111111111:log-group:{GROUP}"
NO_GROUP = ("ResourceNotFoundException", "The specified log group does not exist.")
NO_STREAM = ("ResourceNotFoundException", "The specified log stream does not exist.")


def test_a_group_and_its_streams_are_described(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await logs.call("CreateLogGroup", logGroupName=GROUP)
        await logs.call("CreateLogStream", logGroupName=GROUP, logStreamName="2026/04/01/[$LATEST]a")
        [group] = (await logs.call("DescribeLogGroups"))["logGroups"]
        assert group == {
            "logGroupName": GROUP,
            "creationTime": NOW,
            "metricFilterCount": 0,
            "arn": f"{ARN}:*",
            "storedBytes": 0,
            "logGroupClass": "STANDARD",
            "logGroupArn": ARN,
        }
        [stream] = (await logs.call("DescribeLogStreams", logGroupIdentifier=ARN))["logStreams"]
        assert stream == {
            "logStreamName": "2026/04/01/[$LATEST]a",
            "creationTime": NOW,
            "uploadSequenceToken": "0" * 56,
            "arn": f"{ARN}:log-stream:2026/04/01/[$LATEST]a",
            "storedBytes": 0,
        }
        events = [{"timestamp": NOW - 5, "message": "x"}, {"timestamp": NOW, "message": "y"}]
        await logs.call("PutLogEvents", logGroupName=GROUP, logStreamName=stream["logStreamName"], logEvents=events)
        [stream] = (await logs.call("DescribeLogStreams", logGroupName=GROUP))["logStreams"]
        times = stream["firstEventTimestamp"], stream["lastEventTimestamp"], stream["lastIngestionTime"]
        assert times == (NOW - 5, NOW, NOW)

    with_logs(tmp_path, body)


def test_scopes_are_apart(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await logs.call("CreateLogGroup", logGroupName=GROUP)
        assert (await logs.call("DescribeLogGroups", Scope("2" * 12, HERE.region)))["logGroups"] == []
        assert (await logs.call("DescribeLogGroups", Scope(HERE.account, "us-east-1")))["logGroups"] == []

    with_logs(tmp_path, body)


def test_what_is_there_is_not_made_twice_and_what_is_not_is_not_found(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        stream = {"logGroupName": GROUP, "logStreamName": "s"}
        assert await logs.refused("CreateLogStream", **stream) == NO_GROUP
        assert await logs.refused("DeleteLogGroup", logGroupName=GROUP) == NO_GROUP
        assert await logs.refused("DescribeLogStreams", logGroupName=GROUP) == NO_GROUP
        assert await logs.refused("PutRetentionPolicy", logGroupName=GROUP, retentionInDays=1) == NO_GROUP
        assert await logs.refused("GetLogEvents", **stream) == NO_GROUP
        assert await logs.refused("FilterLogEvents", logGroupName=GROUP) == NO_GROUP
        await logs.call("CreateLogGroup", logGroupName=GROUP)
        taken = "ResourceAlreadyExistsException"
        assert await logs.refused("CreateLogGroup", logGroupName=GROUP) == (
            taken,
            "The specified log group already exists",
        )
        assert await logs.refused("GetLogEvents", **stream) == NO_STREAM
        assert await logs.refused("DeleteLogStream", **stream) == NO_STREAM
        await logs.call("CreateLogStream", **stream)
        assert await logs.refused("CreateLogStream", **stream) == (taken, "The specified log stream already exists")
        await logs.call("DeleteLogStream", **stream)
        assert await logs.refused("GetLogEvents", **stream) == NO_STREAM
        await logs.call("DeleteLogGroup", logGroupName=GROUP)
        assert (await logs.call("DescribeLogGroups"))["logGroups"] == []

    with_logs(tmp_path, body)


def test_groups_are_paged_and_chosen(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        for name in ("b/2", "a/1", "a/2", "a/3"):
            await logs.call("CreateLogGroup", logGroupName=name)
        first = await logs.call("DescribeLogGroups", limit=3)
        second = await logs.call("DescribeLogGroups", limit=3, nextToken=first["nextToken"])
        assert [group["logGroupName"] for group in first["logGroups"]] == ["a/1", "a/2", "a/3"]
        assert [group["logGroupName"] for group in second["logGroups"]] == ["b/2"]
        assert "nextToken" not in second
        for params, names in (
            ({"logGroupNamePrefix": "a/"}, ["a/1", "a/2", "a/3"]),
            ({"logGroupNamePattern": "/2"}, ["a/2", "b/2"]),
            ({"logGroupIdentifiers": ["b/2"]}, ["b/2"]),
        ):
            found = await logs.call("DescribeLogGroups", **params)
            assert [group["logGroupName"] for group in found["logGroups"]] == names
        assert (await logs.refused("DescribeLogGroups", nextToken="?"))[0] == "InvalidParameterException"
        both = await logs.refused("DescribeLogGroups", logGroupNamePrefix="a", logGroupNamePattern="b")
        assert both[0] == "InvalidParameterException"

    with_logs(tmp_path, body)


def test_streams_are_ordered_by_name_or_time(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        for time, name in enumerate(("c", "a", "b")):
            stream = logs.store.stream(HERE, GROUP, name)
            logs.store.append(stream, NOW + time, "x")
        for params, names in (
            ({}, "abc"),
            ({"descending": True}, "cba"),
            ({"orderBy": "LastEventTime"}, "cab"),
            ({"orderBy": "LastEventTime", "descending": True, "limit": 1}, "b"),
            ({"logStreamNamePrefix": "a"}, "a"),
        ):
            found = await logs.call("DescribeLogStreams", logGroupName=GROUP, **params)
            assert "".join(stream["logStreamName"] for stream in found["logStreams"]) == names
        refused = await logs.refused(
            "DescribeLogStreams", logGroupName=GROUP, orderBy="LastEventTime", logStreamNamePrefix="a"
        )
        assert refused == (
            "InvalidParameterException",
            "Cannot order by LastEventTime with a logStreamNamePrefix.",
        )

    with_logs(tmp_path, body)


def test_retention_and_tags(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await logs.call("CreateLogGroup", logGroupName=GROUP, tags={"a": "1"})
        await logs.call("PutRetentionPolicy", logGroupName=GROUP, retentionInDays=7)
        assert (await logs.call("DescribeLogGroups"))["logGroups"][0]["retentionInDays"] == 7
        await logs.call("DeleteRetentionPolicy", logGroupName=GROUP)
        assert "retentionInDays" not in (await logs.call("DescribeLogGroups"))["logGroups"][0]
        wrong = await logs.refused("PutRetentionPolicy", logGroupName=GROUP, retentionInDays=8)
        assert wrong[0] == "InvalidParameterException"
        await logs.call("TagResource", resourceArn=ARN, tags={"b": "2"})
        await logs.call("UntagResource", resourceArn=ARN, tagKeys=["a", "none"])
        assert (await logs.call("ListTagsForResource", resourceArn=ARN))["tags"] == {"b": "2"}
        await logs.call("TagLogGroup", logGroupName=GROUP, tags={"c": "3", "d": "4"})
        await logs.call("UntagLogGroup", logGroupName=GROUP, tags=["b", "d", "none"])
        assert (await logs.call("ListTagsLogGroup", logGroupName=GROUP))["tags"] == {"c": "3"}
        for name in ("TagLogGroup", "UntagLogGroup", "ListTagsLogGroup"):
            tags: dict[str, Any] = {} if name[0] == "L" else {"tags": {"a": "1"} if name[0] == "T" else ["a"]}
            assert (await logs.refused(name, logGroupName="none", **tags))[0] == "ResourceNotFoundException"

    with_logs(tmp_path, body)


@pytest.mark.parametrize(
    ("operation", "params", "said"),
    [
        ("CreateLogGroup", {"logGroupName": "a", "kmsKeyId": "k"}, "kmsKeyId"),
        ("CreateLogGroup", {"logGroupName": "a", "logGroupClass": "DELIVERY"}, "DELIVERY"),
        ("DescribeLogGroups", {"includeLinkedAccounts": True}, "includeLinkedAccounts"),
        ("DescribeLogStreams", {}, "must be specified"),
        ("DescribeLogStreams", {"logGroupName": "a", "logGroupIdentifier": "a"}, "mutually exclusive"),
        ("DescribeLogStreams", {"logGroupIdentifier": ARN.replace("eu-west-1", "us-west-2")}, "another account"),
        ("DescribeLogStreams", {"logGroupIdentifier": "arn:aws:s3:::b"}, "invalid"),
        ("FilterLogEvents", {"logGroupName": GROUP, "startFromHead": False}, "startFromHead"),
        ("FilterLogEvents", {"logGroupName": GROUP, "filterPattern": "%x!%"}, "Invalid character"),
        (
            "FilterLogEvents",
            {"logGroupName": GROUP, "logStreamNames": ["a"], "logStreamNamePrefix": "a"},
            "mutually exclusive",
        ),
    ],
)
def test_what_is_not_supported_or_wrong_is_refused_by_name(
    tmp_path: Path, operation: str, params: dict[str, object], said: str
) -> None:
    async def body(logs: Wired) -> None:
        code, message = await logs.refused(operation, **params)
        assert code == "InvalidParameterException"
        assert said in message

    with_logs(tmp_path, body)


def test_a_name_that_is_aws_s_is_refused(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        code, message = await logs.refused("CreateLogGroup", logGroupName="aws/lambda/f")
        assert code == "InvalidParameterException" and "aws/" in message

    with_logs(tmp_path, body)
