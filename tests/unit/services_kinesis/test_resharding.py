"""Shards part and join while records come, and nothing lands behind the end of a closed shard."""

import asyncio
from pathlib import Path

from lambent.streams.records import seq_of
from tests.unit.services_kinesis.kinesis_kit import HERE, NOW, SETTLED, Kinesis, said, with_kinesis

HALF = str(1 << 127)
HOUR = 3_600.0


async def split(kinesis: Kinesis, shard: int = 0, at: str = HALF) -> None:
    await kinesis.did("SplitShard", StreamName="s", ShardToSplit=f"shardId-{shard:012d}", NewStartingHashKey=at)


def test_a_split_shard_ends_behind_its_last_record(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream()
        await kinesis.put("a", "b", hash_key=0)
        await split(kinesis)
        await kinesis.put("c", hash_key=0)
        parent, low, high = await kinesis.shards()
        assert low["ParentShardId"] == high["ParentShardId"] == parent["ShardId"]
        assert high["HashKeyRange"]["StartingHashKey"] == HALF
        numbers = parent["SequenceNumberRange"]
        assert int(numbers["StartingSequenceNumber"]) < int(numbers["EndingSequenceNumber"])
        answer = await kinesis.read(await kinesis.iterator(0), Limit=1)
        answer = await kinesis.read(answer["NextShardIterator"], Limit=1)
        assert said(answer) == ["b"] and "NextShardIterator" not in answer
        assert [one["ShardId"] for one in answer["ChildShards"]] == [low["ShardId"], high["ShardId"]]
        assert answer["ChildShards"][0]["ParentShards"] == [parent["ShardId"]]
        assert await kinesis.texts(1) == ["c"]

    with_kinesis(tmp_path, body)


def test_records_under_way_when_a_shard_is_closed_lie_before_its_end(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream()

        async def puts() -> list[tuple[str, str]]:
            found = []
            for number in range(60):
                answer = await kinesis.call("PutRecord", StreamName="s", PartitionKey=str(number), Data=b"x")
                found.append((answer["ShardId"], answer["SequenceNumber"]))
            return found

        tasks = [asyncio.create_task(puts()) for _ in range(5)]
        await asyncio.sleep(0)
        done = await kinesis.call(
            "SplitShard", StreamName="s", ShardToSplit="shardId-000000000000", NewStartingHashKey=HALF
        )
        assert done == {}
        put = [one for found in await asyncio.gather(*tasks) for one in found]
        assert len({shard for shard, _ in put}) == 3, "before and after the split"
        await kinesis.advance(SETTLED)
        ranges = {one["ShardId"]: one["SequenceNumberRange"] for one in await kinesis.shards()}
        for shard, sequence in put:
            assert int(ranges[shard]["StartingSequenceNumber"]) < int(sequence)
            assert int(sequence) < int(ranges[shard].get("EndingSequenceNumber", sequence + "0"))
        for number in range(3):
            answer = await kinesis.read(await kinesis.iterator(number))
            found = [one["SequenceNumber"] for one in answer["Records"]]
            assert sorted(found) == sorted(sequence for shard, sequence in put if shard == f"shardId-{number:012d}")

    with_kinesis(tmp_path, body)


def test_a_split_is_whole_or_was_not_when_the_server_is_killed(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream()
        await kinesis.put("before", hash_key=0)
        await kinesis.call("SplitShard", StreamName="s", ShardToSplit="shardId-000000000000", NewStartingHashKey=HALF)
        assert await kinesis.status() == "UPDATING"

    async def after(kinesis: Kinesis) -> None:
        assert await kinesis.status() == "UPDATING"
        await kinesis.settle()
        assert await kinesis.status() == "ACTIVE"
        (sequence,) = await kinesis.put("after", hash_key=0)
        shards = kinesis.config().numbered
        assert seq_of(sequence) > shards[1].begins > (shards[0].ends or 0)
        assert await kinesis.texts(0) == ["before"] and await kinesis.texts(1) == ["after"]

    with_kinesis(tmp_path, body, after)


def test_numbers_go_on_behind_an_end_when_the_clock_went_back(tmp_path: Path) -> None:
    """A clock that was moved by hand starts with the machine's time again."""

    async def body(kinesis: Kinesis) -> None:
        kinesis.env.records._seq += 10**15
        await kinesis.stream()
        await split(kinesis)

    async def after(kinesis: Kinesis) -> None:
        (sequence,) = await kinesis.put("x", hash_key=0)
        assert seq_of(sequence) > kinesis.config().numbered[1].begins
        assert await kinesis.texts(1) == ["x"]

    with_kinesis(tmp_path, body, after)


def test_two_splits_at_once_are_one(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream()
        params = {"StreamName": "s", "ShardToSplit": "shardId-000000000000", "NewStartingHashKey": HALF}
        answers = await asyncio.gather(*(kinesis.call("SplitShard", **params) for _ in range(3)))
        refused = [one["Error"]["Code"] for one in answers if "Error" in one]
        assert refused == ["ResourceInUseException"] * 2
        await kinesis.settle()
        assert len(await kinesis.shards()) == 3

    with_kinesis(tmp_path, body)


def test_neighbours_are_merged_and_others_are_not(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream(shards=3)

        def names(low: int, high: int) -> dict[str, str]:
            shards = (f"shardId-{number:012d}" for number in (low, high))
            return dict(zip(("ShardToMerge", "AdjacentShardToMerge"), shards, strict=True))

        for low, high in ((0, 2), (1, 0)):
            code, text = await kinesis.refused("MergeShards", StreamName="s", **names(low, high))
            assert code == "InvalidArgumentException"
            assert text.endswith(
                f"under account {HERE.account} are not an adjacent pair of shards eligible for merging"
            )
        assert await kinesis.refused("MergeShards", StreamName="s", **names(0, 9)) == (
            "ResourceNotFoundException",
            f"Could not find shard shardId-000000000009 in stream s under account {HERE.account}.",
        )
        await kinesis.did("MergeShards", StreamName="s", **names(0, 1))
        merged = (await kinesis.shards())[-1]
        assert (merged["ParentShardId"], merged["AdjacentParentShardId"]) == (
            "shardId-000000000000",
            "shardId-000000000001",
        )
        code, _ = await kinesis.refused("MergeShards", StreamName="s", **names(0, 1))
        assert code == "InvalidArgumentException", "they are closed"

    with_kinesis(tmp_path, body)


def test_where_a_shard_can_not_be_split(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream()
        for at in ("0", "1", str((1 << 128) - 1)):
            code, text = await kinesis.refused(
                "SplitShard", StreamName="s", ShardToSplit="shardId-000000000000", NewStartingHashKey=at
            )
            assert code == "InvalidArgumentException"
            assert text.endswith(
                "is not both greater than one plus the shard's StartingHashKey 0 and less than the shard's "
                "EndingHashKey 340282366920938463463374607431768211455."
            )
        await split(kinesis, at="2")

    with_kinesis(tmp_path, body)


def test_counts_are_changed_within_half_and_double_and_ten_times_a_day(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream(shards=2)
        params = {"StreamName": "s", "ScalingType": "UNIFORM_SCALING"}
        assert await kinesis.refused("UpdateShardCount", **params, TargetShardCount=5) == (
            "LimitExceededException",
            "UpdateShardCount cannot scale up over double your current open shard count. "
            "Current open shard count: 2 Target shard count: 5",
        )
        answer = await kinesis.did("UpdateShardCount", **params, TargetShardCount=3)
        assert (answer["CurrentShardCount"], answer["TargetShardCount"]) == (2, 3)
        for shard in kinesis.config().shards:
            assert len(shard.parents) <= 2
        assert len(await kinesis.shards(ShardFilter={"Type": "AT_LATEST"})) == 3
        for number in range(9):
            await kinesis.did("UpdateShardCount", **params, TargetShardCount=2 + number % 2)
        code, _ = await kinesis.refused("UpdateShardCount", **params, TargetShardCount=3)
        assert code == "LimitExceededException"
        await kinesis.advance(24 * HOUR)
        await kinesis.did("UpdateShardCount", **params, TargetShardCount=3)

    with_kinesis(tmp_path, body)


def test_shards_are_listed_by_filter_and_page(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream()
        await kinesis.advance(HOUR)
        await split(kinesis)

        async def listed(kind: str, **more: object) -> list[int]:
            shards = await kinesis.shards(ShardFilter={"Type": kind, **more})
            return [int(one["ShardId"][-12:]) for one in shards]

        now = kinesis.clock.wall()
        assert await listed("AT_LATEST") == [1, 2]
        assert await listed("AT_TRIM_HORIZON") == [0]
        assert await listed("FROM_TRIM_HORIZON") == [0, 1, 2]
        assert await listed("AT_TIMESTAMP", Timestamp=NOW + 10) == [0]
        assert await listed("AT_TIMESTAMP", Timestamp=now) == [1, 2]
        assert await listed("FROM_TIMESTAMP", Timestamp=now) == [1, 2]
        assert await listed("FROM_TIMESTAMP", Timestamp=NOW) == [0, 1, 2]
        assert await listed("AFTER_SHARD_ID", ShardId="shardId-000000000001") == [2]
        code, _ = await kinesis.refused("ListShards", StreamName="s", ShardFilter={"Type": "AT_TIMESTAMP"})
        assert code == "InvalidArgumentException"
        wanted = {"Type": "FROM_TIMESTAMP", "Timestamp": NOW}
        page = await kinesis.call("ListShards", StreamName="s", MaxResults=2, ShardFilter=wanted)
        rest = await kinesis.call("ListShards", NextToken=page["NextToken"])
        assert [len(one["Shards"]) for one in (page, rest)] == [2, 1] and "NextToken" not in rest
        both = await kinesis.refused("ListShards", StreamName="s", NextToken=page["NextToken"])
        assert both[1] == "NextToken and StreamName cannot be provided together."
        for wrong in ("x", "W10=", "WzEsMiwzLDQsNSw2XQ=="):
            assert (await kinesis.refused("ListShards", NextToken=wrong))[0] in (
                "InvalidArgumentException",
                "ExpiredNextTokenException",
            )
        await kinesis.advance(301)
        assert (await kinesis.refused("ListShards", NextToken=page["NextToken"]))[0] == "ExpiredNextTokenException"
        assert (await kinesis.refused("ListShards"))[0] == "InvalidArgumentException"

    with_kinesis(tmp_path, body)


def test_a_closed_shard_is_forgotten_when_its_records_are(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream()
        await split(kinesis)
        await kinesis.advance(23 * HOUR)
        assert len(await kinesis.shards()) == 3
        await kinesis.advance(2 * HOUR)
        assert [one["ShardId"][-1] for one in await kinesis.shards()] == ["1", "2"]
        assert len(kinesis.config().shards) == 2, "its record is gone, too"
        assert [one["ShardId"][-1] for one in await kinesis.shards(ShardFilter={"Type": "AT_TRIM_HORIZON"})] == [
            "1",
            "2",
        ]
        await split(kinesis, shard=1, at=str(1 << 126))
        assert [one["ShardId"][-1] for one in await kinesis.shards()] == ["1", "2", "3", "4"]

    with_kinesis(tmp_path, body)
