"""Operations that change one setting of a stream: retention, mode, encryption, monitoring, the largest record, policy.

Source: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_Operations.html.
"""

from collections.abc import Mapping
from typing import Any

from lambent.model.scope import Caller
from lambent.services.kinesis import findings
from lambent.services.kinesis.account_limits import check_room
from lambent.services.kinesis.env import KinesisEnv, require_active
from lambent.services.kinesis.settling import begin
from lambent.streams import errors
from lambent.streams.config import ON_DEMAND, RETENTION_HOURS, Config

MOST_HOURS = 8_760
MODE_CHANGES_A_DAY = 2
DAY_SECONDS = 86_400.0
ALL_METRICS = (
    *("IncomingBytes", "IncomingRecords", "OutgoingBytes", "OutgoingRecords"),
    *("WriteProvisionedThroughputExceeded", "ReadProvisionedThroughputExceeded", "IteratorAgeMilliseconds"),
)


async def _put(env: KinesisEnv, stream: Config, members: Mapping[str, Any], updating: bool = True) -> Config:
    status = {"status": "UPDATING"} if updating else {}
    changed = await env.registry.change(stream, lambda now: {**members, **status} if require_active(now) else {})
    if updating:
        await begin(env, changed)
    return changed


async def increase_stream_retention_period(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Keep records longer."""
    stream, hours = env.active(caller, params), params["RetentionPeriodHours"]
    if hours < RETENTION_HOURS:
        raise errors.invalid(_too_short(hours))
    if hours < stream.retention_hours:
        raise errors.invalid(
            f"Requested retention period ({hours} hours) for stream {stream.name} can not be shorter than existing "
            f"retention period ({stream.retention_hours} hours). Use DecreaseRetentionPeriod API."
        )
    if hours > MOST_HOURS:
        raise errors.invalid(
            f"Maximum allowed retention period is {MOST_HOURS} hours. Requested retention period ({hours} hours) is "
            "too long."
        )
    await _put(env, stream, {"retention_hours": hours})
    return {}


async def decrease_stream_retention_period(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Keep records shorter; what is older is gone at once."""
    stream, hours = env.active(caller, params), params["RetentionPeriodHours"]
    if hours < RETENTION_HOURS:
        raise errors.invalid(_too_short(hours))
    if hours > stream.retention_hours:
        raise errors.invalid(
            f"Requested retention period ({hours} hours) for stream {stream.name} can not be longer than existing "
            f"retention period ({stream.retention_hours} hours). Use IncreaseRetentionPeriod API."
        )
    await _put(env, stream, {"retention_hours": hours})
    return {}


def _too_short(hours: int) -> str:
    least = f"Minimum allowed retention period is {RETENTION_HOURS} hours."
    return f"{least} Requested retention period ({hours} hours) is too short."


async def update_stream_mode(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Provisioned or on demand, twice a day; the shards stay as they are, and grow from there."""
    if params.get("WarmThroughputMiBps") is not None:
        raise errors.unsupported("WarmThroughputMiBps")
    stream, mode = env.active(caller, params), params["StreamModeDetails"]["StreamMode"]
    recent = recently(env, stream, "mode_changes", MODE_CHANGES_A_DAY)
    if mode != stream.mode:
        if mode == ON_DEMAND:
            check_room(env, stream.scope)
        await _put(env, stream, {"mode": mode, "mode_changes": recent})
    return {}


def recently(env: KinesisEnv, stream: Config, what: str, most: int) -> list[float]:
    """When something was done to the stream within the last 24 hours, with now. Raises StreamError for too often."""
    now = env.clock.wall()
    recent = [when for when in stream.document.get(what, ()) if when > now - DAY_SECONDS]
    if len(recent) >= most:
        raise errors.limit(f"Stream {stream.name}: no more than {most} such changes in 24 hours.")  # our wording
    return [*recent, now]


async def start_stream_encryption(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Stored and shown; records lie on disk as everything else does."""
    said = {"EncryptionType": params["EncryptionType"], "KeyId": params["KeyId"]}
    findings.tell(env, await _put(env, env.active(caller, params), {"encryption": said}))
    return {}


async def stop_stream_encryption(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The reverse."""
    findings.tell(env, await _put(env, env.active(caller, params), {"encryption": {}}))
    return {}


async def enable_enhanced_monitoring(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Stored and shown."""
    return await _monitor(env, caller, params, lambda now, asked: now | asked)


async def disable_enhanced_monitoring(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The reverse."""
    return await _monitor(env, caller, params, lambda now, asked: now - asked)


async def _monitor(env: KinesisEnv, caller: Caller, params: dict[str, Any], merge: Any) -> dict[str, Any]:
    stream = env.active(caller, params)
    asked = set(ALL_METRICS if "ALL" in params["ShardLevelMetrics"] else params["ShardLevelMetrics"])
    before = set(stream.document["monitoring"])
    after = sorted(merge(before, asked))
    await _put(env, stream, {"monitoring": after}, updating=False)
    answer = {"StreamName": stream.name, "StreamARN": stream.arn}
    return answer | {"CurrentShardLevelMetrics": sorted(before), "DesiredShardLevelMetrics": after}


async def update_max_record_size(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """1 to 10 MiB."""
    await _put(env, env.active(caller, params), {"max_record_kib": params["MaxRecordSizeInKiB"]})
    return {}
