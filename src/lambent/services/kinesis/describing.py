"""DescribeStream, DescribeStreamSummary, ListStreams, ListShards, DescribeLimits.

Source: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListShards.html and those beside it.
"""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from lambent.model.scope import Caller
from lambent.services.kinesis import shown
from lambent.services.kinesis.account_limits import ON_DEMAND_STREAMS
from lambent.services.kinesis.env import KinesisEnv
from lambent.streams import errors
from lambent.streams.config import ON_DEMAND, Config
from lambent.streams.shard_map import Shard

SHARDS_PAGE = 100
STREAMS_PAGE = 100
LIST_PAGE = 1_000
TOKEN_SECONDS = 300.0


async def describe_stream(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A stream with a page of its shards."""
    stream = env.stream(caller, params)
    shards = _behind(_kept(env, stream), params.get("ExclusiveStartShardId") or "")
    limit = min(params.get("Limit") or SHARDS_PAGE, SHARDS_PAGE)
    description = shown.described(stream) | {
        "Shards": [shown.shard(one) for one in shards[:limit]],
        "HasMoreShards": len(shards) > limit,
    }
    return {"StreamDescription": description}


async def describe_stream_summary(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A stream without its shards."""
    stream = env.stream(caller, params)
    summary = shown.described(stream) | {
        "OpenShardCount": len(stream.open_shards),
        "ConsumerCount": len(stream.document["consumers"]),
        "MaxRecordSizeInKiB": stream.document["max_record_kib"],
    }
    return {"StreamDescriptionSummary": summary}


async def list_streams(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A page of streams, by name."""
    after = params.get("ExclusiveStartStreamName") or params.get("NextToken") or ""
    found = [one for one in env.registry.all(caller.scope) if one.name > after]
    limit = params.get("Limit") or STREAMS_PAGE
    page, more = found[:limit], len(found) > limit
    answer = {
        "StreamNames": [one.name for one in page],
        "HasMoreStreams": more,
        "StreamSummaries": [_summary(one) for one in page],
    }
    return answer | ({"NextToken": page[-1].name} if more else {})


def _summary(stream: Config) -> dict[str, Any]:
    said = shown.described(stream)
    members = ("StreamName", "StreamARN", "StreamStatus", "StreamModeDetails", "StreamCreationTimestamp")
    return {name: said[name] for name in members}


async def list_shards(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A page of a stream's shards, as ShardFilter asks."""
    token, limit = params.get("NextToken"), params.get("MaxResults") or LIST_PAGE
    if token:
        if params.get("StreamName"):
            raise errors.invalid("NextToken and StreamName cannot be provided together.")
        stream, after, chosen = _read_token(env, caller, token)
    else:
        stream, after = env.stream(caller, params), params.get("ExclusiveStartShardId") or ""
        chosen = _chosen(params.get("ShardFilter") or {})
    wanted = _filter(env, stream, chosen)
    shards = [one for one in _behind(_kept(env, stream), after) if wanted(one)]
    answer: dict[str, Any] = {"Shards": [shown.shard(one) for one in shards[:limit]]}
    if len(shards) > limit:
        answer["NextToken"] = _token(env, stream, shards[limit - 1].id, chosen)
    return answer


@dataclass(frozen=True, slots=True)
class Chosen:
    """A ShardFilter: `when` is seconds since 1970."""

    kind: str
    when: float
    shard: str


def _chosen(said: dict[str, Any]) -> Chosen:
    kind = said.get("Type", "FROM_TRIM_HORIZON")
    for member, kinds in (("Timestamp", ("AT_TIMESTAMP", "FROM_TIMESTAMP")), ("ShardId", ("AFTER_SHARD_ID",))):
        if kind in kinds and said.get(member) is None:
            raise errors.invalid(f"{member} must be provided for a ShardFilter of type {kind}.")  # our wording
    when = said["Timestamp"].timestamp() if "Timestamp" in said else 0.0
    return Chosen(kind, when, said.get("ShardId", ""))


def _filter(env: KinesisEnv, stream: Config, chosen: Chosen) -> Callable[[Shard], bool]:
    horizon = max(env.clock.wall() - stream.retention, stream.created)
    match chosen.kind:
        case "AT_LATEST":
            return lambda one: one.open
        case "AT_TRIM_HORIZON":
            return lambda one: (one.opened < horizon or not one.parents) and (one.open or one.closed >= horizon)
        case "AT_TIMESTAMP":
            return lambda one: one.opened <= chosen.when and (one.open or one.closed >= chosen.when)
        case "FROM_TIMESTAMP":
            return lambda one: one.open or one.closed >= chosen.when
        case "AFTER_SHARD_ID":
            return lambda one: one.id > chosen.shard
        case _:
            return lambda one: True


def _kept(env: KinesisEnv, stream: Config) -> list[Shard]:
    """Nothing is known of the shards of a stream that is being made, and of those whose records are all too old."""
    return [] if stream.status == "CREATING" else stream.kept(env.clock.wall() - stream.retention)


def _behind(shards: Sequence[Shard], after: str) -> list[Shard]:
    return [one for one in shards if one.id > after]


def _token(env: KinesisEnv, stream: Config, after: str, chosen: Chosen) -> str:
    said = [stream.arn, after, chosen.kind, chosen.when, chosen.shard, env.clock.wall()]
    return base64.b64encode(orjson.dumps(said)).decode("ascii")


def _read_token(env: KinesisEnv, caller: Caller, token: str) -> tuple[Config, str, Chosen]:
    """Raises StreamError."""
    try:
        arn, after, kind, when, shard, made = orjson.loads(base64.b64decode(token, validate=True))
        chosen, age = Chosen(str(kind), float(when), str(shard)), env.clock.wall() - float(made)
    except (ValueError, TypeError):
        raise errors.invalid("NextToken is invalid.") from None  # our wording
    if age > TOKEN_SECONDS:
        raise errors.StreamError("ExpiredNextTokenException", "NextToken has expired.")  # our wording
    stream = env.by_arn(caller, str(arn))
    if stream is None:
        raise errors.invalid("NextToken is invalid.")
    return stream, str(after), chosen


async def describe_limits(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """What the account has in this region."""
    streams = env.registry.all(caller.scope)
    return {
        "ShardLimit": 20_000,
        "OpenShardCount": sum(len(one.open_shards) for one in streams if one.mode != ON_DEMAND),
        "OnDemandStreamCount": sum(one.mode == ON_DEMAND for one in streams),
        "OnDemandStreamCountLimit": ON_DEMAND_STREAMS,
    }
