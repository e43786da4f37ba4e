"""Streams themselves: made, described, listed, changed, tagged, deleted, and what is refused."""

from pathlib import Path
from typing import Any

import pytest

from lambent.model.scope import Scope
from lambent.services.kinesis.operations import OPERATIONS, REFUSED
from tests.unit.services_kinesis.kinesis_kit import HERE, MODEL, NOW, Kinesis, arn, with_kinesis

KEY = "arn:aws:kms:eu-west-1:111111111111:key/1"


def test_a_stream_is_made_described_and_deleted(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.call("CreateStream", StreamName="s", ShardCount=2, Tags={"a": "1"})
        made = (await kinesis.call("DescribeStream", StreamName="s"))["StreamDescription"]
        assert (made["StreamStatus"], made["Shards"]) == ("CREATING", [])
        code, text = await kinesis.refused("PutRecord", StreamName="s", PartitionKey="k", Data=b"x")
        assert (code, text) == (
            "ResourceNotFoundException",
            f"Stream s under account {HERE.account} not found.",
        )
        assert await kinesis.refused("CreateStream", StreamName="s", ShardCount=1) == (
            "ResourceInUseException",
            f"Stream s under account {HERE.account} already exists.",
        )
        code, text = await kinesis.refused("IncreaseStreamRetentionPeriod", StreamName="s", RetentionPeriodHours=48)
        assert text == f"Stream s under account {HERE.account} not ACTIVE, instead in state CREATING"

    async def after(kinesis: Kinesis) -> None:
        await kinesis.settle()
        there = (await kinesis.call("DescribeStream", StreamARN=arn()))["StreamDescription"]
        assert there["StreamCreationTimestamp"].timestamp() == NOW
        assert {name: there[name] for name in ("StreamARN", "StreamStatus", "RetentionPeriodHours")} == {
            "StreamARN": arn(),
            "StreamStatus": "ACTIVE",
            "RetentionPeriodHours": 24,
        }
        assert there["EncryptionType"] == "NONE" and there["EnhancedMonitoring"] == [{"ShardLevelMetrics": []}]
        assert [one["ShardId"][-1] for one in there["Shards"]] == ["0", "1"] and not there["HasMoreShards"]
        page = (await kinesis.call("DescribeStream", StreamName="s", Limit=1))["StreamDescription"]
        assert len(page["Shards"]) == 1 and page["HasMoreShards"]
        summary = (await kinesis.call("DescribeStreamSummary", StreamName="s"))["StreamDescriptionSummary"]
        assert (summary["OpenShardCount"], summary["ConsumerCount"]) == (2, 0)
        await kinesis.put("x")
        await kinesis.call("DeleteStream", StreamName="s")
        assert await kinesis.status() == "DELETING"
        await kinesis.settle()
        assert (await kinesis.refused("DescribeStream", StreamName="s"))[0] == "ResourceNotFoundException"
        await kinesis.stream()
        assert await kinesis.texts() == [], "another stream of that name"

    with_kinesis(tmp_path, body, after)


def test_streams_are_listed_by_page_apart_per_account_and_region(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        for name in ("a", "b", "c"):
            await kinesis.stream(name)
        other = Scope("222222222222", HERE.region)
        await kinesis.call("CreateStream", other, StreamName="a", ShardCount=1)
        page = await kinesis.call("ListStreams", Limit=2)
        assert (page["StreamNames"], page["HasMoreStreams"]) == (["a", "b"], True)
        rest = await kinesis.call("ListStreams", NextToken=page["NextToken"])
        assert (rest["StreamNames"], rest["HasMoreStreams"]) == (["c"], False)
        assert rest["StreamSummaries"][0]["StreamARN"] == arn("c")
        assert (await kinesis.call("ListStreams", other))["StreamNames"] == ["a"]
        assert (await kinesis.call("ListStreams", Scope(HERE.account, "us-east-1")))["StreamNames"] == []
        assert (await kinesis.call("DescribeLimits"))["OpenShardCount"] == 3

    with_kinesis(tmp_path, body)


@pytest.mark.parametrize(
    ("params", "code", "text"),
    [
        ({}, "ValidationException", "Value null at 'shardCount' failed to satisfy constraint: Member must not be null"),
        ({"ShardCount": 99_999}, "LimitExceededException", "at most 10000 shards"),
        ({"ShardCount": 1, "StreamName": "a b"}, "ValidationException", "[a-zA-Z0-9_.-]+"),
        ({"ShardCount": 1, "Tags": {"a": "!"}}, "InvalidArgumentException", "Some tags contain invalid characters."),
        ({"ShardCount": 1, "WarmThroughputMiBps": 5}, "NotImplementedException", "WarmThroughputMiBps"),
        ({"ShardCount": 1, "RecordDistributionStrategy": "AUTO"}, "NotImplementedException", "AUTO"),
    ],
)
def test_streams_that_can_not_be_made(tmp_path: Path, params: dict[str, Any], code: str, text: str) -> None:
    async def body(kinesis: Kinesis) -> None:
        refusal = await kinesis.refused("CreateStream", **{"StreamName": "s", **params})
        assert refusal[0] == code and text in refusal[1]
        assert (await kinesis.call("ListStreams"))["StreamNames"] == []

    with_kinesis(tmp_path, body)


def test_what_has_no_effect_is_refused_by_name(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream()
        put = {"StreamName": "s", "PartitionKey": "k", "Data": b"x"}
        for more in ({"DryRun": True}, {"StreamId": "a" * 20 + "-abc"}):
            code, text = await kinesis.refused("PutRecord", **put, **more)
            assert code == "NotImplementedException" and next(iter(more)) in text
        assert (await kinesis.refused("PutRecord", PartitionKey="k", Data=b"x"))[0] == "InvalidArgumentException"

    with_kinesis(tmp_path, body)
    assert set(OPERATIONS) | set(REFUSED) == set(MODEL.operation_names)


def test_retention_has_its_bounds(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream()

        async def refused(way: str, hours: int) -> str:
            operation = f"{way}StreamRetentionPeriod"
            code, text = await kinesis.refused(operation, StreamName="s", RetentionPeriodHours=hours)
            assert code == "InvalidArgumentException"
            return text

        for way in ("Increase", "Decrease"):
            assert await refused(way, 23) == (
                "Minimum allowed retention period is 24 hours. Requested retention period (23 hours) is too short."
            )
        assert await refused("Increase", 8_761) == (
            "Maximum allowed retention period is 8760 hours. Requested retention period (8761 hours) is too long."
        )
        assert await refused("Decrease", 25) == (
            "Requested retention period (25 hours) for stream s can not be longer than existing retention period "
            "(24 hours). Use IncreaseRetentionPeriod API."
        )
        await kinesis.did("IncreaseStreamRetentionPeriod", StreamName="s", RetentionPeriodHours=8_760)
        assert (await refused("Increase", 30)).endswith("(8760 hours). Use DecreaseRetentionPeriod API.")

    with_kinesis(tmp_path, body)


def test_tags_of_streams_and_consumers(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream(Tags={"a": "1"})
        consumer = await kinesis.consumer()
        await kinesis.call("AddTagsToStream", StreamName="s", Tags={"b": "2"})
        await kinesis.call("TagResource", ResourceARN=arn(), Tags={"c": "3"})
        await kinesis.call("TagResource", ResourceARN=consumer, Tags={"of": "the consumer"})
        page = await kinesis.call("ListTagsForStream", StreamName="s", Limit=2)
        assert page == {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}], "HasMoreTags": True}
        rest = await kinesis.call("ListTagsForStream", StreamName="s", ExclusiveStartTagKey="b")
        assert rest == {"Tags": [{"Key": "c", "Value": "3"}], "HasMoreTags": False}
        listed = await kinesis.call("ListTagsForResource", ResourceARN=consumer)
        assert listed["Tags"] == [{"Key": "of", "Value": "the consumer"}]
        many = {str(number): "" for number in range(48)}
        assert await kinesis.refused("AddTagsToStream", StreamName="s", Tags=many) == (
            "InvalidArgumentException",
            f"Failed to add tags to stream s under account {HERE.account} because a given stream cannot have more than "
            "50 tags associated with it.",
        )
        await kinesis.call("RemoveTagsFromStream", StreamName="s", TagKeys=["a", "x"])
        await kinesis.call("UntagResource", ResourceARN=arn(), TagKeys=["b"])
        assert (await kinesis.call("ListTagsForResource", ResourceARN=arn()))["Tags"] == [{"Key": "c", "Value": "3"}]
        await kinesis.call("UntagResource", ResourceARN=consumer, TagKeys=["of"])
        assert (await kinesis.call("ListTagsForResource", ResourceARN=consumer))["Tags"] == []

    with_kinesis(tmp_path, body)


def test_encryption_is_shown_and_said_to_have_no_effect(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream()
        await kinesis.did("StartStreamEncryption", StreamName="s", EncryptionType="KMS", KeyId=KEY)
        there = (await kinesis.call("DescribeStream", StreamName="s"))["StreamDescription"]
        assert (there["EncryptionType"], there["KeyId"]) == ("KMS", KEY)
        put = await kinesis.call("PutRecord", StreamName="s", PartitionKey="k", Data=b"x")
        assert put["EncryptionType"] == "KMS"
        assert (await kinesis.read(await kinesis.iterator()))["Records"][0]["EncryptionType"] == "KMS"

    async def after(kinesis: Kinesis) -> None:
        assert [(one.code, one.resource) for one in kinesis.findings.all()] == [("stream-not-encrypted", arn())]
        await kinesis.did("StopStreamEncryption", StreamName="s", EncryptionType="KMS", KeyId=KEY)
        assert kinesis.findings.all() == []

    with_kinesis(tmp_path, body, after)


def test_monitoring_and_mode_are_changed(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream()
        on = await kinesis.call("EnableEnhancedMonitoring", StreamName="s", ShardLevelMetrics=["ALL"])
        assert on["CurrentShardLevelMetrics"] == [] and len(on["DesiredShardLevelMetrics"]) == 7
        off = await kinesis.call("DisableEnhancedMonitoring", StreamName="s", ShardLevelMetrics=["IncomingBytes"])
        assert len(off["CurrentShardLevelMetrics"]) == 7 and len(off["DesiredShardLevelMetrics"]) == 6
        for mode in ("ON_DEMAND", "PROVISIONED"):
            details = {"StreamMode": mode}
            await kinesis.did("UpdateStreamMode", StreamARN=arn(), StreamModeDetails=details)
            summary = (await kinesis.call("DescribeStreamSummary", StreamName="s"))["StreamDescriptionSummary"]
            assert summary["StreamModeDetails"] == details and summary["OpenShardCount"] == 1
        third = {"StreamARN": arn(), "StreamModeDetails": {"StreamMode": "ON_DEMAND"}}
        assert (await kinesis.refused("UpdateStreamMode", **third))[0] == "LimitExceededException"
        await kinesis.advance(86_400)
        await kinesis.did("UpdateStreamMode", **third)

    with_kinesis(tmp_path, body)
