"""GetQueueUrl."""

from typing import Any

from lambent.model.scope import Caller, Scope
from lambent.queues import errors
from lambent.queues.names import queue_url
from lambent.services.sqs.env import SqsEnv


async def get_queue_url(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The URL of a queue of this account, or of the owner's that is given."""
    name = params.get("QueueName")
    if not name:
        raise errors.missing("QueueName")
    scope = Scope(params.get("QueueOwnerAWSAccountId") or caller.scope.account, caller.scope.region)
    queue = env.registry.get(scope, name)
    return {"QueueUrl": queue_url(env.url, queue.scope, queue.name)}
