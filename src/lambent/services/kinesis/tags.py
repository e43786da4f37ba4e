"""Tags of streams and consumers."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from lambent.model.scope import Caller
from lambent.services.kinesis.env import KinesisEnv
from lambent.streams import errors
from lambent.streams.config import Config

MOST = 50
PAGE = 50
ILLEGAL = re.compile(r"[^\w\s.:/=+\-%@]")


async def add_tags_to_stream(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Add or replace tags."""
    await _tag(env, env.stream(caller, params), "", params["Tags"])
    return {}


async def remove_tags_from_stream(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Remove tags by key."""
    await _untag(env, env.stream(caller, params), "", params["TagKeys"])
    return {}


async def list_tags_for_stream(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A page of tags, by key."""
    stream = env.stream(caller, params)
    after, limit = params.get("ExclusiveStartTagKey") or "", params.get("Limit") or PAGE
    found = [(key, value) for key, value in sorted(stream.document["tags"].items()) if key > after]
    return {"Tags": _shown(dict(found[:limit])), "HasMoreTags": len(found) > limit}


async def tag_resource(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The same by ARN, of a stream or a consumer."""
    await _tag(env, *_named(env, caller, params), params["Tags"])
    return {}


async def untag_resource(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The reverse."""
    await _untag(env, *_named(env, caller, params), params["TagKeys"])
    return {}


async def list_tags_for_resource(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """All tags of a stream or a consumer."""
    stream, consumer = _named(env, caller, params)
    return {"Tags": _shown(_tags(stream, consumer))}


def check_tags(name: str, account: str, texts: Iterable[str], all_keys: Collection[str]) -> None:
    """Raises StreamError. Texts: answers of AWS that kinesalite's tests hold; of the most, as it is today."""
    if any(ILLEGAL.search(text) for text in texts):
        raise errors.invalid(
            "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, "
            "_ . / = + - % @."
        )
    if len(all_keys) > MOST:
        raise errors.invalid(
            f"Failed to add tags to stream {name} under account {account} because a given stream "
            f"cannot have more than {MOST} tags associated with it."
        )


def _named(env: KinesisEnv, caller: Caller, params: Mapping[str, Any]) -> tuple[Config, str]:
    """The stream, and the name of the consumer that the ARN means, if it does."""
    arn = params["ResourceARN"]
    found = env.by_arn(caller, arn)
    if found is None:
        raise errors.not_found(f"Resource {arn} not found.")  # our wording
    consumer = next((name for name, one in found.document["consumers"].items() if one["ConsumerARN"] == arn), "")
    return found, consumer


def _tags(stream: Config, consumer: str) -> dict[str, str]:
    return dict(stream.document["consumers"][consumer]["tags"] if consumer else stream.document["tags"])


async def _tag(env: KinesisEnv, stream: Config, consumer: str, tags: Mapping[str, str]) -> None:
    check_tags(stream.name, stream.scope.account, (*tags, *tags.values()), {*_tags(stream, consumer), *tags})
    await env.registry.change(stream, lambda now: _changed(now, consumer, {**_tags(now, consumer), **tags}))


async def _untag(env: KinesisEnv, stream: Config, consumer: str, keys: list[str]) -> None:
    check_tags(stream.name, stream.scope.account, keys, ())

    def without(now: Config) -> dict[str, Any]:
        kept = {key: value for key, value in _tags(now, consumer).items() if key not in keys}
        return _changed(now, consumer, kept)

    await env.registry.change(stream, without)


def _changed(stream: Config, consumer: str, tags: dict[str, str]) -> dict[str, Any]:
    if not consumer:
        return {"tags": tags}
    consumers = stream.document["consumers"]
    return {"consumers": {**consumers, consumer: {**consumers[consumer], "tags": tags}}}


def _shown(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
