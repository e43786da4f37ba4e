"""Enhanced fan-out: consumers, and records that are sent as they come."""

import asyncio
from pathlib import Path

import pytest

from tests.unit.services_kinesis.kinesis_kit import HERE, Events, Kinesis, arn, said, with_kinesis

HALF = str(1 << 127)


def test_consumers_come_and_go(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream()
        made = (await kinesis.call("RegisterStreamConsumer", StreamARN=arn(), ConsumerName="c"))["Consumer"]
        assert made["ConsumerStatus"] == "CREATING" and made["ConsumerARN"].startswith(f"{arn()}/consumer/c:")
        code, _ = await kinesis.refused("RegisterStreamConsumer", StreamARN=arn(), ConsumerName="c")
        assert code == "ResourceInUseException"
        position = {"ShardId": "shardId-000000000000", "StartingPosition": {"Type": "LATEST"}}
        code, text = await kinesis.refused("SubscribeToShard", ConsumerARN=made["ConsumerARN"], **position)
        assert code == "ResourceInUseException" and text.endswith("is not in ACTIVE status.")

    async def after(kinesis: Kinesis) -> None:
        await kinesis.settle()
        listed = await kinesis.call("ListStreamConsumers", StreamARN=arn())
        assert [(one["ConsumerName"], one["ConsumerStatus"]) for one in listed["Consumers"]] == [("c", "ACTIVE")]
        consumer = listed["Consumers"][0]["ConsumerARN"]
        for named in ({"ConsumerARN": consumer}, {"StreamARN": arn(), "ConsumerName": "c"}):
            found = await kinesis.call("DescribeStreamConsumer", **named)
            assert found["ConsumerDescription"]["StreamARN"] == arn()
        assert kinesis.env.registry.by_arn(consumer) is not None
        await kinesis.call("DeregisterStreamConsumer", ConsumerARN=consumer)
        found = await kinesis.call("DescribeStreamConsumer", ConsumerARN=consumer)
        assert found["ConsumerDescription"]["ConsumerStatus"] == "DELETING"
        await kinesis.settle()
        code, _ = await kinesis.refused("DescribeStreamConsumer", ConsumerARN=consumer)
        assert code == "ResourceNotFoundException"
        assert kinesis.env.registry.by_arn(consumer) is None, "a mapping sees that it is gone"

    with_kinesis(tmp_path, body, after)


def test_a_stream_has_twenty_of_which_five_are_being_made(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream()
        for number in range(5):
            await kinesis.call("RegisterStreamConsumer", StreamARN=arn(), ConsumerName=f"c{number}")
        code, _ = await kinesis.refused("RegisterStreamConsumer", StreamARN=arn(), ConsumerName="x")
        assert code == "LimitExceededException"
        await kinesis.settle()
        for number in range(5, 20):
            await kinesis.consumer(f"c{number:02}")
        code, _ = await kinesis.refused("RegisterStreamConsumer", StreamARN=arn(), ConsumerName="x")
        assert code == "LimitExceededException"
        page = await kinesis.call("ListStreamConsumers", StreamARN=arn(), MaxResults=15)
        rest = await kinesis.call("ListStreamConsumers", StreamARN=arn(), NextToken=page["NextToken"])
        assert [len(one["Consumers"]) for one in (page, rest)] == [15, 5]

    with_kinesis(tmp_path, body)


def test_records_are_sent_as_they_come(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream()
        await kinesis.put("a")
        events = await kinesis.subscribe(await kinesis.consumer())
        first = await events.next()
        assert first is not None and said(first) == ["a"]
        assert events.heads[0][":event-type"] == "initial-response", "botocore waits for it in this protocol"
        assert (await events.next() or {})["Records"] == []
        coming = asyncio.create_task(events.next())
        await asyncio.sleep(0)
        await kinesis.put("b", "c")
        second = await coming
        assert second is not None and said(second) == ["b", "c"]
        position = {"Type": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": first["ContinuationSequenceNumber"]}
        await kinesis.advance(5)
        again = await kinesis.subscribe((await consumers(kinesis))[0], **position)
        found = await again.next()
        assert found is not None and said(found) == ["b", "c"]
        assert found["MillisBehindLatest"] == 0
        await events.close()
        await again.close()

    with_kinesis(tmp_path, body)


async def consumers(kinesis: Kinesis) -> list[str]:
    listed = await kinesis.call("ListStreamConsumers", StreamARN=arn())
    return [one["ConsumerARN"] for one in listed["Consumers"]]


async def quiet(events: Events) -> None:
    """An event without records."""
    event = await events.next()
    assert event is not None and event["Records"] == [] and event["ContinuationSequenceNumber"]


def test_a_second_call_takes_the_shard_over_but_not_within_five_seconds(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream()
        consumer = await kinesis.consumer()
        events = await kinesis.subscribe(consumer)
        await quiet(events)
        await kinesis.advance(4.9)
        position = {"ShardId": "shardId-000000000000", "StartingPosition": {"Type": "LATEST"}}
        taken = (
            "ResourceInUseException",
            f"Another active subscription exists for this consumer: {HERE.account}:s:shardId-000000000000:c",
        )
        assert await kinesis.refused("SubscribeToShard", ConsumerARN=consumer, **position) == taken
        waiting = asyncio.create_task(events.next())
        await kinesis.advance(0.1)
        await quiet(events=await kinesis.subscribe(consumer))
        with pytest.raises(AssertionError, match="Another active subscription exists"):
            while await waiting:
                waiting = asyncio.create_task(events.next())
        other = await kinesis.subscribe(await kinesis.consumer("d"))
        await quiet(other)

    with_kinesis(tmp_path, body)


def test_a_subscription_ends_after_five_minutes_with_events_in_between(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream()
        events = await kinesis.subscribe(await kinesis.consumer())
        await quiet(events)
        count = 0
        while True:
            coming = asyncio.create_task(events.next())
            await asyncio.sleep(0)
            await kinesis.clock.advance(5)
            if await coming is None:
                break
            count += 1
        assert count == 59

    with_kinesis(tmp_path, body)


def test_the_end_of_a_shard_names_its_children(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream()
        await kinesis.put("a")
        events = await kinesis.subscribe(await kinesis.consumer())
        assert said(await events.next() or {}) == ["a"]
        await quiet(events)
        coming = asyncio.create_task(events.next())
        await asyncio.sleep(0)
        await kinesis.did("SplitShard", StreamName="s", ShardToSplit="shardId-000000000000", NewStartingHashKey=HALF)
        last = await coming
        assert last is not None and "ContinuationSequenceNumber" not in last
        assert [one["ShardId"] for one in last["ChildShards"]] == ["shardId-000000000001", "shardId-000000000002"]
        assert await events.next() is None

    with_kinesis(tmp_path, body)


def test_a_stream_that_goes_ends_it(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream()
        consumer = await kinesis.consumer()
        events = await kinesis.subscribe(consumer)
        await quiet(events)
        code, text = await kinesis.refused("DeleteStream", StreamName="s")
        assert code == "ResourceInUseException"
        assert text.startswith(f"DeleteStream can't delete {HERE.account}:s because there are consumers associated")
        coming = asyncio.create_task(events.next())
        await kinesis.did("DeleteStream", StreamName="s", EnforceConsumerDeletion=True)
        with pytest.raises(AssertionError, match="ResourceNotFoundException"):
            await coming

    with_kinesis(tmp_path, body)


def test_no_more_than_two_megabytes_a_second_are_sent(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream()
        for _ in range(6):
            await kinesis.put("x" * 1_000_000)
            await kinesis.advance(1)
        events = await kinesis.subscribe(await kinesis.consumer())
        count = 0
        while count < 6:
            coming = asyncio.create_task(events.next())
            done, _ = await asyncio.wait([coming], timeout=0.2)
            if not done:
                await kinesis.clock.advance(0.5)
            event = await coming
            assert event is not None
            count += len(event["Records"])
        assert kinesis.clock.monotonic() > 8

    with_kinesis(tmp_path, body)
