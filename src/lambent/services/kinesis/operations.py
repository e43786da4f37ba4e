"""The operations answered here, and those that are refused by name."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from lambent.model.scope import Caller
from lambent.services.kinesis import (
    consumers,
    describing,
    putting,
    reading,
    resharding,
    settings,
    tags,
)
from lambent.services.kinesis.create_stream import create_stream
from lambent.services.kinesis.delete_stream import delete_stream
from lambent.services.kinesis.env import KinesisEnv
from lambent.services.kinesis.subscribing import fault_of, subscribe_to_shard
from lambent.store.errors import StoreError
from lambent.streams.errors import StreamError, unsupported
from lambent.wire.fault import Fault

UNSUPPORTED = frozenset({"StreamId", "DryRun"})
"""Members of many operations; AWS's own model calls the first "Not Implemented. Reserved for future use"."""

Operation = Callable[[KinesisEnv, Caller, dict[str, Any]], Awaitable[Any]]


def worded(operation: Operation) -> Operation:
    """The operation with what streams refuse as the caller's fault; a disk that refuses is InternalFailure."""

    @functools.wraps(operation)
    async def run(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> Any:
        try:
            for member in UNSUPPORTED & params.keys():
                raise unsupported(member)
            return await operation(env, caller, params)
        except StreamError as error:
            raise fault_of(error) from error
        except StoreError as error:
            text = f"The stream can't be written: {error}"  # our wording
            raise Fault("InternalFailureException", text, status=500) from error

    return run


_OPERATIONS: dict[str, Operation] = {
    "AddTagsToStream": tags.add_tags_to_stream,
    "CreateStream": create_stream,
    "DecreaseStreamRetentionPeriod": settings.decrease_stream_retention_period,
    "DeleteStream": delete_stream,
    "DeregisterStreamConsumer": consumers.deregister_stream_consumer,
    "DescribeLimits": describing.describe_limits,
    "DescribeStream": describing.describe_stream,
    "DescribeStreamConsumer": consumers.describe_stream_consumer,
    "DescribeStreamSummary": describing.describe_stream_summary,
    "DisableEnhancedMonitoring": settings.disable_enhanced_monitoring,
    "EnableEnhancedMonitoring": settings.enable_enhanced_monitoring,
    "GetRecords": reading.get_records,
    "GetShardIterator": reading.get_shard_iterator,
    "IncreaseStreamRetentionPeriod": settings.increase_stream_retention_period,
    "ListShards": describing.list_shards,
    "ListStreamConsumers": consumers.list_stream_consumers,
    "ListStreams": describing.list_streams,
    "ListTagsForResource": tags.list_tags_for_resource,
    "ListTagsForStream": tags.list_tags_for_stream,
    "MergeShards": resharding.merge_shards,
    "PutRecord": putting.put_record,
    "PutRecords": putting.put_records,
    "RegisterStreamConsumer": consumers.register_stream_consumer,
    "RemoveTagsFromStream": tags.remove_tags_from_stream,
    "SplitShard": resharding.split_shard,
    "StartStreamEncryption": settings.start_stream_encryption,
    "StopStreamEncryption": settings.stop_stream_encryption,
    "SubscribeToShard": subscribe_to_shard,
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
    "UpdateMaxRecordSize": settings.update_max_record_size,
    "UpdateShardCount": resharding.update_shard_count,
    "UpdateStreamMode": settings.update_stream_mode,
}

OPERATIONS = {name: worded(operation) for name, operation in _OPERATIONS.items()}

_QUEUES = "the record queues of 2026 are not here"
_CHANNELS = "delivery channels to S3 and tables are not here"
_POLICIES = "resource policies of streams are not enforced here"
_ACCOUNT = "it is about what AWS bills"

REFUSED = {
    **dict.fromkeys(
        (
            *("AcknowledgeDeadLetterQueueRecords", "AcknowledgeQueueRecords", "CreateQueue", "DeleteQueue"),
            *("DescribeQueue", "ListQueues", "ReceiveDeadLetterQueueRecords", "ReceiveQueueRecords", "UpdateQueue"),
            *("RestoreDeadLetterQueueRecords", "UpdateDeadLetterQueueRecordsVisibility"),
            "UpdateQueueRecordsVisibility",
        ),
        _QUEUES,
    ),
    **dict.fromkeys(("CreateChannel", "DeleteChannel", "DescribeChannel", "ListChannels", "UpdateChannel"), _CHANNELS),
    **dict.fromkeys(("DeleteResourcePolicy", "GetResourcePolicy", "PutResourcePolicy"), _POLICIES),
    **dict.fromkeys(("DescribeAccountSettings", "UpdateAccountSettings", "UpdateStreamWarmThroughput"), _ACCOUNT),
    "UpdateStreamRecordDistributionStrategy": "records are dealt by their partition key alone",
}
"""Operation -> why it is refused."""
