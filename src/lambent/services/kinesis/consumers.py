"""Consumers of enhanced fan-out: RegisterStreamConsumer and those beside it.

Source: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_RegisterStreamConsumer.html (20 consumers a stream).
"""

from collections.abc import Mapping
from typing import Any

from lambent.model.scope import Caller
from lambent.services.kinesis import shown
from lambent.services.kinesis.env import KinesisEnv
from lambent.services.kinesis.settling import begin
from lambent.services.kinesis.tags import check_tags
from lambent.streams import errors
from lambent.streams.config import Config

MOST = 20
MOST_CREATING = 5
PAGE = 100


async def register_stream_consumer(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A new consumer."""
    stream, name = env.stream(caller, params), params["ConsumerName"]
    consumers = stream.document["consumers"]
    if name in consumers:
        raise errors.in_use(
            f"Consumer {name} under stream {stream.name} already exists for account {stream.scope.account}."
        )
    if len(consumers) >= MOST:
        raise errors.limit(f"Stream {stream.name} has {MOST} consumers already.")  # our wording
    if sum(one["ConsumerStatus"] == "CREATING" for one in consumers.values()) >= MOST_CREATING:
        raise errors.limit(f"Stream {stream.name} has {MOST_CREATING} consumers in CREATING status.")  # our wording
    tags = dict(params.get("Tags") or {})
    check_tags(name, stream.scope.account, (*tags, *tags.values()), tags)
    now = env.clock.wall()
    said = {
        "ConsumerName": name,
        "ConsumerARN": f"{stream.arn}/consumer/{name}:{int(now)}",
        "ConsumerStatus": "CREATING",
        "ConsumerCreationTimestamp": now,
        "tags": tags,
    }
    changed = await env.registry.change(stream, lambda now: {"consumers": {**now.document["consumers"], name: said}})
    await begin(env, changed)
    return {"Consumer": shown.consumer(said)}


async def deregister_stream_consumer(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A consumer is DELETING for a moment."""
    stream, said = find(env, caller, params)

    def leaving(current: Config) -> dict[str, Any]:
        consumers = current.document["consumers"]
        return {"consumers": {**consumers, said["ConsumerName"]: {**said, "ConsumerStatus": "DELETING"}}}

    await begin(env, await env.registry.change(stream, leaving))
    return {}


async def describe_stream_consumer(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """One consumer."""
    stream, said = find(env, caller, params)
    return {"ConsumerDescription": shown.consumer(said) | {"StreamARN": stream.arn}}


async def list_stream_consumers(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A page of consumers, by name."""
    stream = env.stream(caller, params)
    after, limit = params.get("NextToken") or "", params.get("MaxResults") or PAGE
    found = [one for name, one in sorted(stream.document["consumers"].items()) if name > after]
    answer: dict[str, Any] = {"Consumers": [shown.consumer(one) for one in found[:limit]]}
    return answer | ({"NextToken": found[limit - 1]["ConsumerName"]} if len(found) > limit else {})


def find(env: KinesisEnv, caller: Caller, params: Mapping[str, Any]) -> tuple[Config, dict[str, Any]]:
    """The consumer that ConsumerARN, or StreamARN and ConsumerName, mean. Raises StreamError."""
    arn, name = params.get("ConsumerARN"), params.get("ConsumerName")
    stream = env.by_arn(caller, arn) if arn else env.stream(caller, params)
    consumers = stream.document["consumers"].values() if stream is not None else ()
    for said in consumers:
        if said["ConsumerARN"] == arn or (not arn and said["ConsumerName"] == name):
            assert stream is not None
            return stream, dict(said)
    if stream is not None and not arn and name:
        raise errors.not_found(
            f"Consumer {name} under stream {stream.name} not found for account {stream.scope.account}."  # our wording
        )
    raise unknown(caller.scope.account, str(arn))


def unknown(account: str, arn: str) -> errors.StreamError:
    """There is no such consumer. Our wording."""
    return errors.not_found(f"Consumer {arn} not found under account {account}.")


def not_active(stream: Config, said: Mapping[str, Any]) -> errors.StreamError:
    """Source of the words: https://github.com/awslabs/kinesis-hot-shard-advisor/issues/37"""
    return errors.in_use(
        f"Consumer {said['ConsumerName']} with creation timestamp {int(said['ConsumerCreationTimestamp'])} under "
        f"stream: {stream.name} , account {stream.scope.account} is not in ACTIVE status."
    )
