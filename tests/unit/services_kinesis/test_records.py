"""Records come in, stay as long as their stream keeps them, and are read in their order."""

from pathlib import Path

from lambent.model.limits import SHARD_BYTES
from lambent.streams.shard_map import HASHES
from tests.unit.services_kinesis.kinesis_kit import HERE, NOW, Kinesis, said, with_kinesis

HOUR = 3_600.0


def test_records_are_read_in_the_order_of_their_numbers_also_after_a_kill(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream(shards=2)
        one = await kinesis.call("PutRecord", StreamName="s", PartitionKey="a", Data=b"0")
        assert one["ShardId"] == "shardId-000000000000" and len(one["SequenceNumber"]) == 56
        sequences = [one["SequenceNumber"], *await kinesis.put("1", "2", key="a"), *await kinesis.put("3", key="a")]
        assert sequences == sorted(sequences, key=int)
        answer = await kinesis.read(await kinesis.iterator())
        first = answer["Records"][0]
        assert (first["PartitionKey"], first["SequenceNumber"]) == ("a", sequences[0])
        assert first["ApproximateArrivalTimestamp"].timestamp() == NOW + 1
        assert (said(answer), answer["MillisBehindLatest"]) == (["0", "1", "2", "3"], 0)
        assert said(await kinesis.read(answer["NextShardIterator"])) == []
        await kinesis.put("4", key="a")
        assert said(await kinesis.read(answer["NextShardIterator"])) == ["4"]

    async def after(kinesis: Kinesis) -> None:
        assert await kinesis.texts() == ["0", "1", "2", "3", "4"], "from disk"
        await kinesis.put("5", key="a")
        assert await kinesis.texts() == ["0", "1", "2", "3", "4", "5"], "from disk and memory"

    with_kinesis(tmp_path, body, after)


def test_keys_choose_shards(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream(shards=2)
        await kinesis.put("low", hash_key=0)
        await kinesis.put("last of low", hash_key=HASHES // 2 - 1)
        await kinesis.put("first of high", hash_key=HASHES // 2)
        await kinesis.put("high", hash_key=HASHES - 1)
        assert await kinesis.texts(0) == ["low", "last of low"]
        assert await kinesis.texts(1) == ["first of high", "high"]
        refusal = await kinesis.refused(
            "PutRecord", StreamName="s", PartitionKey="k", Data=b"", ExplicitHashKey=str(HASHES)
        )
        assert refusal == (
            "InvalidArgumentException",
            f"Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. "
            f"Specified value was {HASHES}",
        )

    with_kinesis(tmp_path, body)


def test_iterators_begin_where_they_are_told_to(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream()
        latest = await kinesis.iterator(kind="LATEST")
        first, second = await kinesis.put("a", "b")
        await kinesis.advance(10)
        await kinesis.put("c")
        assert await kinesis.texts(kind="AT_SEQUENCE_NUMBER", StartingSequenceNumber=first) == ["a", "b", "c"]
        assert await kinesis.texts(kind="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=second) == ["c"]
        assert await kinesis.texts(kind="AT_TIMESTAMP", Timestamp=NOW + 5) == ["c"]
        assert await kinesis.texts(kind="AT_TIMESTAMP", Timestamp=NOW - 5) == ["a", "b", "c"]
        assert await kinesis.texts(kind="LATEST") == []
        assert said(await kinesis.read(latest)) == ["a", "b", "c"]
        begin = (await kinesis.shards())[0]["SequenceNumberRange"]["StartingSequenceNumber"]
        assert await kinesis.texts(kind="AT_SEQUENCE_NUMBER", StartingSequenceNumber=begin) == ["a", "b", "c"]

    with_kinesis(tmp_path, body)


def test_iterators_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream(shards=2)
        (there,) = await kinesis.put("x", hash_key=0)

        async def refused(kind: str, shard: str = "shardId-000000000001", **more: object) -> tuple[str, str]:
            return await kinesis.refused(
                "GetShardIterator", StreamName="s", ShardId=shard, ShardIteratorType=kind, **more
            )

        code, text = await refused("AT_SEQUENCE_NUMBER")
        assert code == "InvalidArgumentException" and text.endswith(
            "or LATEST and no StartingSequenceNumber. Request specified AT_SEQUENCE_NUMBER and no "
            "StartingSequenceNumber."
        )
        assert (await refused("LATEST", StartingSequenceNumber=there))[1].endswith("and also a StartingSequenceNumber.")
        assert (await refused("AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=there))[1] == (
            "Invalid StartingSequenceNumber. It encodes shardId-000000000000, while it was used in a call to a shard "
            "with shardId-000000000001"
        )
        for wrong in ("1", "496" + "9" * 53, "x"):
            code, text = await refused("AT_SEQUENCE_NUMBER", StartingSequenceNumber=wrong)
            assert text.startswith(f"StartingSequenceNumber {wrong} used in GetShardIterator on shard") or (
                "validation error" in text
            )
        older = there[:10] + "0" * 34 + "000000000001"
        assert (await refused("AT_SEQUENCE_NUMBER", StartingSequenceNumber=older))[1].endswith(
            "is invalid because it did not come from this stream."
        )
        assert "no timestamp parameter" in (await refused("AT_TIMESTAMP"))[1]
        assert "cannot be greater than" in (await refused("AT_TIMESTAMP", Timestamp=NOW + 99))[1]
        assert await refused("LATEST", shard="shardId-000000000007") == (
            "ResourceNotFoundException",
            f"Shard shardId-000000000007 in stream s under account {HERE.account} does not exist",
        )
        for wrong in ("nonsense", "AAAA", "W10=", "WyJhIiwxZTk5OSwxLDEsMV0="):
            assert await kinesis.refused("GetRecords", ShardIterator=wrong) == (
                "InvalidArgumentException",
                "Invalid ShardIterator.",
            )

    with_kinesis(tmp_path, body)


def test_an_iterator_expires_after_five_minutes(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream()
        iterator = await kinesis.iterator()
        await kinesis.advance(299)
        again = (await kinesis.read(iterator))["NextShardIterator"]
        await kinesis.advance(1)
        code, text = await kinesis.refused("GetRecords", ShardIterator=iterator)
        assert code == "ExpiredIteratorException"
        assert text.startswith("Iterator expired. The iterator was created at time Tue Mar 31 23:33:21 UTC 2026 while")
        assert text.endswith("which is further in the future than the tolerated delay of 300000 milliseconds.")
        await kinesis.read(again)

    with_kinesis(tmp_path, body)


def test_records_go_when_their_time_has_passed(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream()
        await kinesis.put("old")
        await kinesis.advance(12 * HOUR)
        await kinesis.put("new")
        await kinesis.advance(12 * HOUR - 10)
        assert await kinesis.texts() == ["old", "new"]
        await kinesis.advance(10)
        assert await kinesis.texts() == ["new"], "not answered, whether it has been dropped yet or not"
        await kinesis.advance(13 * HOUR)
        assert await kinesis.texts() == []
        assert await kinesis.env.records._store.last([(kinesis.config().uid, 0)]) == 0, "and off the disk"
        answer = await kinesis.read(await kinesis.iterator())
        await kinesis.put("later")
        assert said(await kinesis.read(answer["NextShardIterator"])) == ["later"]

    with_kinesis(tmp_path, body)


def test_a_longer_retention_keeps_them_and_a_shorter_one_does_not(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream()
        await kinesis.did("IncreaseStreamRetentionPeriod", StreamName="s", RetentionPeriodHours=48)
        await kinesis.put("x")
        await kinesis.advance(47 * HOUR)
        assert await kinesis.texts() == ["x"]

    async def after(kinesis: Kinesis) -> None:
        assert await kinesis.texts() == ["x"], "the server starts with the retention of the stream"
        await kinesis.did("DecreaseStreamRetentionPeriod", StreamName="s", RetentionPeriodHours=24)
        assert await kinesis.texts() == []

    with_kinesis(tmp_path, body, after)


def test_a_second_has_its_limits(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream(shards=2)
        batch = [{"Data": b"x", "PartitionKey": "k", "ExplicitHashKey": "0"}] * 500
        for _ in range(2):
            answer = await kinesis.call("PutRecords", StreamName="s", Records=batch)
            assert answer["FailedRecordCount"] == 0
        other = {"Data": b"x", "PartitionKey": "k", "ExplicitHashKey": str(HASHES - 1)}
        answer = await kinesis.call("PutRecords", StreamName="s", Records=[batch[0], other])
        text = f"Rate exceeded for shard shardId-000000000000 in stream s under account {HERE.account}."
        assert answer["FailedRecordCount"] == 1
        assert answer["Records"][0] == {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": text}
        assert answer["Records"][1]["ShardId"] == "shardId-000000000001"
        refusal = await kinesis.refused("PutRecord", StreamName="s", **batch[0])
        assert refusal == ("ProvisionedThroughputExceededException", text)
        await kinesis.advance(1)
        assert "ShardId" in await kinesis.call("PutRecord", StreamName="s", **batch[0])
        iterator = await kinesis.iterator()
        for _ in range(5):
            assert "Error" not in await kinesis.call("GetRecords", ShardIterator=iterator)
        assert await kinesis.refused("GetRecords", ShardIterator=iterator) == refusal
        assert "Error" not in await kinesis.call("GetRecords", ShardIterator=await kinesis.iterator(1))

    with_kinesis(tmp_path, body)


def test_an_answer_has_at_most_ten_megabytes_and_the_rest_is_behind(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream()
        for number in range(11):
            await kinesis.call("PutRecord", StreamName="s", PartitionKey="k", Data=bytes([number]) * ((1 << 20) - 1))
            await kinesis.advance(1)
        answer = await kinesis.read(await kinesis.iterator())
        assert len(answer["Records"]) == 10 and answer["MillisBehindLatest"] == 3_000
        iterator = answer["NextShardIterator"]
        code, _ = await kinesis.refused("GetRecords", ShardIterator=iterator)
        assert code == "ProvisionedThroughputExceededException", "ten megabytes are paid for in five seconds"
        await kinesis.advance(4)
        assert len((await kinesis.read(iterator))["Records"]) == 1
        assert len((await kinesis.read(await kinesis.iterator(), Limit=3))["Records"]) == 3

    with_kinesis(tmp_path, body)


def test_records_that_may_not_be_put(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream()
        put = {"StreamName": "s", "PartitionKey": "k"}
        code, text = await kinesis.refused("PutRecord", **put, Data=b"x" * (1 << 20))
        assert code == "InvalidArgumentException" and "1048577" in text
        missing = "Value null at '{}partitionKey' failed to satisfy constraint: Member must not be null"
        code, text = await kinesis.refused("PutRecord", StreamName="s", Data=b"x")
        assert (code, text) == ("ValidationException", f"1 validation error detected: {missing.format('')}")
        code, text = await kinesis.refused("PutRecords", StreamName="s", Records=[{"Data": b"x"}])
        assert text.endswith(missing.format("records.1.member."))
        records = [{"Data": b"x" * 1_000_000, "PartitionKey": "k"}] * 11
        assert await kinesis.refused("PutRecords", StreamName="s", Records=records) == (
            "InvalidArgumentException",
            "Records size exceeds 10 MB limit",
        )
        code, text = await kinesis.refused("PutRecord", **put, Data=b"", SequenceNumberForOrdering="1")
        assert text == (
            f"ExclusiveMinimumSequenceNumber 1 used in PutRecord on stream s under account {HERE.account} is invalid."
        )
        (there,) = await kinesis.put("x")
        assert "ShardId" in await kinesis.call("PutRecord", **put, Data=b"", SequenceNumberForOrdering=there)
        await kinesis.did("UpdateMaxRecordSize", StreamARN=kinesis.config().arn, MaxRecordSizeInKiB=2048)
        await kinesis.advance(5)
        assert "ShardId" in await kinesis.call("PutRecord", **put, Data=b"x" * 2_000_000)

    with_kinesis(tmp_path, body)


def test_on_demand_streams_grow_when_they_are_more_than_half_used(tmp_path: Path) -> None:
    half = 2 * 60 * SHARD_BYTES  # of what four shards take in a minute

    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream(shards=None, StreamModeDetails={"StreamMode": "ON_DEMAND"})
        await kinesis.stream("fixed", shards=4)
        quarters = [str((1 << 126) * quarter) for quarter in range(4)]
        for name in ("s", "fixed"):
            kinesis.env.records.wrote(kinesis.config(name), 0, half - 10_000_000)
            records = [{"Data": b"x" * 1_000_000, "PartitionKey": "k", "ExplicitHashKey": one} for one in quarters]
            for _ in range(3):
                await kinesis.call("PutRecords", StreamName=name, Records=records)
                await kinesis.advance(1)
            await kinesis.advance(57)
            await kinesis.call("PutRecords", StreamName=name, Records=records)
            await kinesis.advance(1)
        assert len(await kinesis.shards("fixed")) == 4
        assert sum("EndingSequenceNumber" not in one["SequenceNumberRange"] for one in await kinesis.shards()) == 8
        assert await kinesis.status() == "ACTIVE"
        await kinesis.put("after")

    with_kinesis(tmp_path, body)


def test_an_account_has_fifty_streams_on_demand(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        mode = {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}}
        for number in range(50):
            await kinesis.stream(f"of-fifty-{number}", shards=None, **mode)
        await kinesis.stream("other")
        assert (await kinesis.refused("CreateStream", StreamName="third", **mode))[0] == "LimitExceededException"
        changed = {"StreamARN": kinesis.config("other").arn, **mode}
        assert (await kinesis.refused("UpdateStreamMode", **changed))[0] == "LimitExceededException"

    with_kinesis(tmp_path, body)


def test_on_demand_streams_have_four_shards_with_their_limits(tmp_path: Path) -> None:
    async def body(kinesis: Kinesis) -> None:
        await kinesis.stream(shards=None, StreamModeDetails={"StreamMode": "ON_DEMAND"})
        assert len(await kinesis.shards()) == 4
        for _ in range(2):
            await kinesis.put(*(["x"] * 500), hash_key=0)
        answer = await kinesis.call(
            "PutRecords", StreamName="s", Records=[{"Data": b"x", "PartitionKey": "k", "ExplicitHashKey": "0"}]
        )
        assert answer["FailedRecordCount"] == 1
        code, _ = await kinesis.refused(
            "UpdateShardCount", StreamName="s", TargetShardCount=5, ScalingType="UNIFORM_SCALING"
        )
        assert code == "ValidationException"
        mode = {"StreamMode": "PROVISIONED"}
        await kinesis.did("UpdateStreamMode", StreamARN=kinesis.config().arn, StreamModeDetails=mode)
        await kinesis.did("UpdateShardCount", StreamName="s", TargetShardCount=5, ScalingType="UNIFORM_SCALING")

    with_kinesis(tmp_path, body)
