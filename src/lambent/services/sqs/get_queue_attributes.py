"""GetQueueAttributes."""

from typing import Any

from lambent.model.scope import Caller
from lambent.queues import errors
from lambent.queues.attributes import KNOWN
from lambent.services.sqs.env import SqsEnv


async def get_queue_attributes(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The attributes that are asked for, and none when none is."""
    queue = env.queue(caller, params)
    names = set(params.get("AttributeNames") or ())
    for name in names - KNOWN - {"All"}:
        raise errors.unknown_attribute(name)
    shown = await env.queues.shown(queue, names) if names else {}
    return {"Attributes": shown or None}
