"""CreateStream: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html"""

from collections.abc import Mapping
from typing import Any

from lambent.engine.on_demand import FIRST_SHARDS
from lambent.model.scope import Caller
from lambent.services.kinesis.account_limits import check_room
from lambent.services.kinesis.env import KinesisEnv
from lambent.services.kinesis.settling import begin
from lambent.services.kinesis.tags import check_tags
from lambent.store.errors import RecordExists
from lambent.streams import errors, shard_map
from lambent.streams.config import ON_DEMAND, PROVISIONED, RETENTION_HOURS

MOST_SHARDS = 10_000


async def create_stream(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Answers at once; the stream is CREATING for a moment."""
    name, scope = params["StreamName"], caller.scope
    mode = (params.get("StreamModeDetails") or {}).get("StreamMode", PROVISIONED)
    count = _shard_count(mode, params.get("ShardCount"))
    tags = dict(params.get("Tags") or {})
    _check(params, scope.account)
    if env.registry.find(scope, name) is not None:
        raise errors.exists(name, scope.account)
    if mode == ON_DEMAND:
        check_room(env, scope)
    now, uid = env.clock.wall(), env.records.next_seq()
    shards = [
        shard_map.Shard(number, first, last, env.records.next_seq(), now)
        for number, (first, last) in enumerate(shard_map.ranges(count))
    ]
    document = {
        "uid": uid,
        "status": "CREATING",
        "created": now,
        "mode": mode,
        "retention_hours": RETENTION_HOURS,
        "max_record_kib": params.get("MaxRecordSizeInKiB", 1024),
        "shards": [shard_map.dump(one) for one in shards],
        "tags": tags,
        "consumers": {},
        "encryption": {},
        "monitoring": [],
    }
    try:
        stream = await env.registry.add(scope, name, document)
    except RecordExists:
        raise errors.exists(name, scope.account) from None
    await begin(env, stream)
    return {}


def _shard_count(mode: str, asked: int | None) -> int:
    if mode == ON_DEMAND:
        if asked is not None:
            raise errors.invalid("ShardCount must not be set for an ON_DEMAND stream.")  # our wording
        return FIRST_SHARDS
    if asked is None:
        raise errors.missing("shardCount")
    if asked > MOST_SHARDS:
        raise errors.limit(f"A stream has at most {MOST_SHARDS} shards here.")  # our wording
    return asked


def _check(params: Mapping[str, Any], account: str) -> None:
    """What would have no effect is refused by name. Raises StreamError."""
    if params.get("WarmThroughputMiBps") is not None:
        raise errors.unsupported("WarmThroughputMiBps")
    if params.get("RecordDistributionStrategy") == "AUTO":
        raise errors.unsupported("RecordDistributionStrategy AUTO")
    tags = params.get("Tags") or {}
    check_tags(params["StreamName"], account, (*tags, *tags.values()), tags)
