"""DeleteQueue."""

from typing import Any

from lambent.model.scope import Caller
from lambent.queues import errors
from lambent.services.sqs.env import SqsEnv


async def delete_queue(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The queue and all that is in it, at once. Its name can be used again in a minute."""
    queue = env.queue(caller, params)
    with errors.worded():
        await env.registry.remove(queue)
        env.deleted[(queue.scope, queue.name)] = env.clock.monotonic()
        env.withdraw(queue.arn)
        await env.messages.forget(queue)
    return {}
