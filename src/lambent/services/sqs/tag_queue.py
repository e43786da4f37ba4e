"""TagQueue."""

from typing import Any

from lambent.model.scope import Caller
from lambent.queues import errors
from lambent.services.sqs import tags
from lambent.services.sqs.env import SqsEnv


async def tag_queue(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Adds tags, or gives those that the queue has a new value."""
    queue = env.queue(caller, params)
    added = params.get("Tags")
    if not added:
        raise errors.missing("Tags")
    with errors.worded():
        await env.registry.change(
            queue, lambda now: {"tags": tags.checked(added, queue.name, caller.own, kept=now.tags)}
        )
    return {}
