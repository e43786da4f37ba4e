"""PurgeQueue."""

from typing import Any

from lambent.model.scope import Caller
from lambent.queues import errors
from lambent.services.sqs.env import SqsEnv

PURGE_SECONDS = 60.0


async def purge_queue(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Everything goes at once, what is in flight, too; AWS takes up to a minute."""
    queue = env.queue(caller, params)
    now = env.clock.monotonic()
    last = env.purged.get(queue.uid)
    if last is not None and now < last + PURGE_SECONDS:
        raise errors.purging(queue.name)
    with errors.worded():
        await env.messages.purge(queue)
    env.purged[queue.uid] = now
    return {}
