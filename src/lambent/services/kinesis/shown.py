"""Streams and shards as answers have them."""

from typing import Any

from lambent.streams.config import Config
from lambent.streams.records import sequence_number
from lambent.streams.shard_map import Shard, shard_id


def shard(one: Shard) -> dict[str, Any]:
    """Shard."""
    said: dict[str, Any] = {"ShardId": one.id}
    if one.parent is not None:
        said["ParentShardId"] = shard_id(one.parent)
    if one.adjacent is not None:
        said["AdjacentParentShardId"] = shard_id(one.adjacent)
    said["HashKeyRange"] = {"StartingHashKey": str(one.first), "EndingHashKey": str(one.last)}
    said["SequenceNumberRange"] = {"StartingSequenceNumber": sequence_number(one.number, one.begins)}
    if one.ends is not None:
        said["SequenceNumberRange"]["EndingSequenceNumber"] = sequence_number(one.number, one.ends)
    return said


def described(stream: Config) -> dict[str, Any]:
    """What StreamDescription and StreamDescriptionSummary share."""
    return {
        "StreamName": stream.name,
        "StreamARN": stream.arn,
        "StreamStatus": stream.status,
        "StreamModeDetails": {"StreamMode": stream.mode},
        "RetentionPeriodHours": stream.retention_hours,
        "StreamCreationTimestamp": stream.created,
        "EnhancedMonitoring": [{"ShardLevelMetrics": list(stream.document["monitoring"])}],
        "EncryptionType": "NONE",
        **stream.document["encryption"],
    }


def consumer(said: dict[str, Any]) -> dict[str, Any]:
    """Consumer."""
    return {name: said[name] for name in ("ConsumerName", "ConsumerARN", "ConsumerStatus", "ConsumerCreationTimestamp")}
