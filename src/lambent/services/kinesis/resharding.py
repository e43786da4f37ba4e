"""SplitShard, MergeShards and UpdateShardCount.

Sources: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SplitShard.html, API_MergeShards.html,
API_UpdateShardCount.html.
"""

from collections.abc import Callable
from typing import Any

from lambent.model.scope import Caller
from lambent.services.kinesis.env import KinesisEnv, require_active
from lambent.services.kinesis.settings import recently
from lambent.services.kinesis.settling import begin
from lambent.streams import errors, shard_map
from lambent.streams.config import PROVISIONED, Config
from lambent.streams.shard_map import Shard

Change = Callable[[Config], list[Shard]]
More = Callable[[Config], dict[str, Any]]
SCALINGS, SCALINGS_A_DAY = "scalings", 10
MOST_SHARDS = 10_000


async def split_shard(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """One shard becomes two."""
    at = int(params["NewStartingHashKey"])

    def split(stream: Config) -> list[Shard]:
        shard = _open(stream, params["ShardToSplit"])
        if not shard.first + 1 < at < shard.last:
            raise errors.invalid(
                f"NewStartingHashKey {at} used in SplitShard() on shard {shard.id} in stream {stream.name} under "
                f"account {stream.scope.account} is not both greater than one plus the shard's StartingHashKey "
                f"{shard.first} and less than the shard's EndingHashKey {shard.last}."
            )
        return shard_map.split(stream.shards, shard, at, env.records.next_seq, env.clock.wall())

    await reshard(env, env.active(caller, params), split)
    return {}


async def merge_shards(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Two neighbours become one; the one to merge is that of the lower hash keys, as on AWS."""

    def merge(stream: Config) -> list[Shard]:
        low, high = _open(stream, params["ShardToMerge"]), _open(stream, params["AdjacentShardToMerge"])
        if low.last + 1 != high.first:
            raise errors.invalid(
                f"Shards {low.id} and {high.id} in stream {stream.name} under account {stream.scope.account} are not "
                "an adjacent pair of shards eligible for merging"
            )
        return shard_map.merge(stream.shards, low, high, env.records.next_seq, env.clock.wall())

    await reshard(env, env.active(caller, params), merge)
    return {}


async def update_shard_count(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """All open shards become so many, of one size; those whose range does not change stay."""
    target = params["TargetShardCount"]

    def spread(stream: Config) -> list[Shard]:
        if stream.mode != PROVISIONED:
            raise errors.validation("Shard count of an ON_DEMAND stream can't be updated.")  # our wording
        _check_target(len(stream.open_shards), target)
        recently(env, stream, SCALINGS, SCALINGS_A_DAY)
        return shard_map.spread(stream.shards, target, env.records.next_seq, env.clock.wall())

    before = env.active(caller, params)

    def scaled(stream: Config) -> dict[str, Any]:
        return {SCALINGS: recently(env, stream, SCALINGS, SCALINGS_A_DAY)}

    await reshard(env, before, spread, scaled)
    answer = {"StreamName": before.name, "CurrentShardCount": len(before.open_shards), "TargetShardCount": target}
    return answer | {"StreamARN": before.arn}


def _check_target(current: int, target: int) -> None:
    """Source of the first words: https://github.com/mhart/kinesalite/pull/48; the other ones are ours."""
    counts = f"Current open shard count: {current} Target shard count: {target}"
    if target > 2 * current:
        raise errors.limit(f"UpdateShardCount cannot scale up over double your current open shard count. {counts}")
    if target < current / 2:
        raise errors.limit(f"UpdateShardCount cannot scale down below half your current open shard count. {counts}")
    if target > MOST_SHARDS:
        raise errors.limit(f"UpdateShardCount cannot scale to more than {MOST_SHARDS} shards. {counts}")


def _open(stream: Config, name: str) -> Shard:
    shard = stream.shard(name)
    if shard is None:
        raise errors.no_such_shard(name, stream.name, stream.scope.account)
    if not shard.open:
        account = stream.scope.account
        raise errors.invalid(f"Shard {shard.id} in stream {stream.name} under account {account} is closed.")  # ours
    return shard


async def reshard(env: KinesisEnv, stream: Config, change: Change, more: More | None = None) -> None:
    """Close shards and open others, in one change of the record, while no record is on its way. Raises StreamError."""

    def changed(current: Config) -> dict[str, Any]:
        shards = [shard_map.dump(one) for one in change(require_active(current))]
        return {"status": "UPDATING", "shards": shards} | (more(current) if more else {})

    change(stream)  # what is wrong is told at once
    async with env.records.still(stream):
        stream = await env.registry.change(stream, changed)
    env.records.wake(stream)
    await begin(env, stream)
