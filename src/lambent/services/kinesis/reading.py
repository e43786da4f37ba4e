"""GetShardIterator and GetRecords."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.kinesis import iterators
from lambent.services.kinesis.env import KinesisEnv
from lambent.store.stream_records import RecordRow
from lambent.streams import errors
from lambent.streams.config import Config
from lambent.streams.records import READ_RECORDS, sequence_number
from lambent.streams.shard_map import shard_id


async def get_shard_iterator(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Where to read from."""
    stream = env.stream(caller, params)
    shard = stream.shard(params["ShardId"])
    if shard is None:
        raise errors.no_shard(params["ShardId"], stream.name, stream.scope.account)
    after = await iterators.place(env, stream, shard, params)
    return {"ShardIterator": iterators.write(env, stream, shard.number, after)}


async def get_records(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Records of a shard; no next iterator at a closed shard's end."""
    where = iterators.read(env, params["ShardIterator"])
    stream = env.by_arn(caller, where.arn)
    if stream is None or stream.uid != where.uid:
        raise errors.no_stream(where.arn.rpartition("/")[2], caller.scope.account)
    may = env.records.may_read(stream, where.shard)
    env.records.tell(stream, "ReadProvisionedThroughputExceeded", "Count", not may)
    if not may:
        raise errors.too_fast(shard_id(where.shard), stream.name, stream.scope.account)
    found = await env.records.read(stream, where.shard, where.after, params.get("Limit") or READ_RECORDS)
    env.records.has_read(stream, where.shard, sum(len(row.data) for row in found.rows))
    env.records.tell(stream, "GetRecords.Records", "Count", len(found.rows))
    env.records.tell(stream, "GetRecords.Bytes", "Bytes", sum(len(row.data) for row in found.rows))
    env.records.tell(stream, "GetRecords.IteratorAgeMilliseconds", "Milliseconds", int(found.behind * 1000))
    answer: dict[str, Any] = {
        "Records": [record(stream, row) for row in found.rows],
        "MillisBehindLatest": int(found.behind * 1000),
    }
    if found.ended:
        return answer | {"ChildShards": children(stream, where.shard)}
    return answer | {"NextShardIterator": iterators.write(env, stream, where.shard, found.after)}


def record(stream: Config, row: RecordRow) -> dict[str, Any]:
    """Record."""
    said = {
        "SequenceNumber": sequence_number(row.shard, row.seq),
        "ApproximateArrivalTimestamp": round(row.arrived, 3),
        "Data": row.data,
        "PartitionKey": row.key,
    }
    kind = stream.document["encryption"].get("EncryptionType")
    return said | ({"EncryptionType": kind} if kind else {})


def children(stream: Config, number: int) -> list[dict[str, Any]]:
    """The shards that came from a closed one."""
    return [
        {
            "ShardId": one.id,
            "ParentShards": [shard_id(parent) for parent in one.parents],
            "HashKeyRange": {"StartingHashKey": str(one.first), "EndingHashKey": str(one.last)},
        }
        for one in stream.shards
        if number in one.parents
    ]
