"""ListQueueTags."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.sqs.env import SqsEnv


async def list_queue_tags(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The queue's tags."""
    return {"Tags": env.queue(caller, params).tags or None}
