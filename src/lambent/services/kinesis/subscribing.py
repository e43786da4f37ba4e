"""SubscribeToShard: records as they come, for five minutes.

Source: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SubscribeToShard.html and
API_SubscribeToShardEvent.html. An event without records comes when there is nothing for a while, so that a reader that
subscribes again goes on behind what it knows to be empty. AWS speaks HTTP/2 here; the events are the same on HTTP/1.1.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from lambent.model.limits import MB
from lambent.model.scope import Caller
from lambent.services.kinesis import consumers, iterators
from lambent.services.kinesis.env import KinesisEnv
from lambent.services.kinesis.reading import children, record
from lambent.streams import errors
from lambent.streams.config import Config
from lambent.streams.errors import StreamError
from lambent.streams.records import READ_RECORDS, Found, sequence_number
from lambent.streams.shard_map import Shard
from lambent.streams.subscriptions import Subscription
from lambent.wire.fault import Fault

EVENT_BYTES = MB
QUIET_SECONDS = 5.0
"""Real seconds without news after which an event says so."""

Event = dict[str, dict[str, Any]]


async def subscribe_to_shard(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Begin; whoever had the shard for this consumer is over."""
    stream, consumer = consumers.find(env, caller, params)
    if consumer["ConsumerStatus"] != "ACTIVE":
        raise consumers.not_active(stream, consumer)
    shard = stream.shard(params["ShardId"])
    if shard is None:
        raise errors.no_shard(params["ShardId"], stream.name, stream.scope.account)
    after = await iterators.place(env, stream, shard, params["StartingPosition"])
    subscription = env.subscriptions.take(consumer["ConsumerARN"], shard.number)
    if subscription is None:
        raise _taken(stream, shard, consumer)
    env.records.wake(stream)
    return {"EventStream": _events(env, stream, shard, consumer, after, subscription)}


def fault_of(error: StreamError) -> Fault:
    """What a stream refuses, as the caller's fault."""
    return Fault(error.code, error.message, status=501 if error.code == "NotImplementedException" else None)


def _taken(stream: Config, shard: Shard, consumer: Mapping[str, Any]) -> StreamError:
    """Source of the words: https://github.com/awslabs/amazon-kinesis-client/issues/391"""
    who = f"{stream.scope.account}:{stream.name}:{shard.id}:{consumer['ConsumerName']}"
    return errors.in_use(f"Another active subscription exists for this consumer: {who}")


async def _events(
    env: KinesisEnv, stream: Config, shard: Shard, consumer: Mapping[str, Any], after: int, subscription: Subscription
) -> AsyncIterator[Event]:
    try:
        while not subscription.due(env.clock.monotonic()):
            if subscription.over:
                raise fault_of(_taken(stream, shard, consumer))
            beats, found = env.beats(stream.uid), await _read(env, stream, consumer, shard, after)
            after = found.after
            yield {"SubscribeToShardEvent": _event(env, stream, shard, found)}
            if found.ended:
                return
            await _wait(env, stream, subscription, found, beats)
    finally:
        env.subscriptions.end(consumer["ConsumerARN"], shard.number, subscription)


async def _read(env: KinesisEnv, stream: Config, consumer: Mapping[str, Any], shard: Shard, after: int) -> Found:
    """What is there now. Raises Fault when the stream or the consumer is gone."""
    try:
        current = env.registry.get(stream.scope, stream.name)
        if current.uid != stream.uid or consumer["ConsumerName"] not in current.document["consumers"]:
            raise consumers.unknown(stream.scope.account, consumer["ConsumerARN"])
        return await env.records.read(current, shard.number, after, READ_RECORDS, EVENT_BYTES)
    except StreamError as error:
        raise fault_of(error) from error


def _event(env: KinesisEnv, stream: Config, shard: Shard, found: Found) -> dict[str, Any]:
    """At the end of a shard its children take the place of the sequence number to go on from."""
    current = env.registry.find(stream.scope, stream.name) or stream
    event: dict[str, Any] = {
        "Records": [record(current, row) for row in found.rows],
        "MillisBehindLatest": int(found.behind * 1000),
    }
    if found.ended:
        return event | {"ChildShards": children(current, shard.number)}
    return event | {"ContinuationSequenceNumber": sequence_number(shard.number, max(found.after, shard.begins))}


async def _wait(env: KinesisEnv, stream: Config, subscription: Subscription, found: Found, beats: int) -> None:
    """Until there may be something new, and no faster than 2 MB a second."""
    debt = subscription.pay(sum(len(row.data) for row in found.rows))
    if debt > 0:
        await env.pause(debt)
    elif not found.rows:
        await env.wait(stream.uid, beats, QUIET_SECONDS)
