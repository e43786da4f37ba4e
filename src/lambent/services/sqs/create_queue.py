"""CreateQueue."""

import secrets
from collections.abc import Mapping
from typing import Any

from lambent.model.scope import Caller
from lambent.queues import attributes, errors
from lambent.queues.config import Config
from lambent.queues.names import check_name, queue_arn, queue_url
from lambent.services.sqs import findings, tags
from lambent.services.sqs.env import SqsEnv
from lambent.store.errors import RecordExists

DELETED_SECONDS = 60.0


async def create_queue(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A queue, or the one of that name if it has all the attributes that are asked for."""
    name = params.get("QueueName")
    if not name:
        raise errors.missing("QueueName")
    given: Mapping[str, str] = params.get("Attributes") or {}
    fifo = given.get("FifoQueue", "").lower() == "true"
    check_name(name, fifo)
    scope = caller.scope
    kept = attributes.check(env.registry, env.limits, None, given, queue_arn(scope, name))
    existing = env.registry.find(scope, name)
    if existing is None:
        _check_deleted(env, caller, name)
        asked = tags.checked(params.get("tags") or {}, name, caller.own)
        made = attributes.changed(attributes.defaults(env.limits, fifo), kept)
        existing = await _add(env, caller, name, made, asked)
    if existing is not None:
        _check_same(existing, kept)
    return {"QueueUrl": queue_url(env.url, scope, name)}


async def _add(
    env: SqsEnv, caller: Caller, name: str, made: Mapping[str, str], asked: Mapping[str, str]
) -> Config | None:
    """Make a queue; answers the one that someone else has made meanwhile."""
    # 62 bits: it fits a signed column, and no receipt of a deleted queue is ever one of a new queue.
    uid = secrets.randbits(62)
    with errors.worded():
        try:
            queue = await env.registry.add(caller.scope, name, uid, made, asked, env.clock.wall())
        except RecordExists:
            return env.registry.get(caller.scope, name)
    findings.tell(env.report, env.withdraw, queue)
    return None


def _check_same(existing: Config, kept: Mapping[str, str]) -> None:
    differing = attributes.differing(existing, kept)
    if differing:
        raise errors.queue_exists(differing)


def _check_deleted(env: SqsEnv, caller: Caller, name: str) -> None:
    deleted = env.deleted.get((caller.scope, name))
    if deleted is not None:
        if env.clock.monotonic() < deleted + DELETED_SECONDS:
            raise errors.deleted_recently()
        del env.deleted[(caller.scope, name)]
