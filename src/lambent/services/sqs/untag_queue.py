"""UntagQueue."""

from typing import Any

from lambent.model.scope import Caller
from lambent.queues import errors
from lambent.services.sqs.env import SqsEnv


async def untag_queue(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Takes tags away; those that the queue does not have are passed over."""
    queue = env.queue(caller, params)
    keys = params.get("TagKeys")
    if not keys:
        raise errors.missing("TagKeys")
    with errors.worded():
        await env.registry.change(
            queue, lambda now: {"tags": {key: value for key, value in now.tags.items() if key not in keys}}
        )
    return {}
