"""GetQueueUrl."""

from typing import Any

from lambent.model.scope import Caller, Scope
from lambent.services.sqs import faults
from lambent.services.sqs.env import SqsEnv
from lambent.services.sqs.names import queue_url


async def get_queue_url(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The URL of a queue of this account, or of the owner's that is given."""
    name = params.get("QueueName")
    if not name:
        raise faults.missing("QueueName")
    scope = Scope(params.get("QueueOwnerAWSAccountId") or caller.scope.account, caller.scope.region)
    queue = env.registry.get(scope, name)
    return {"QueueUrl": queue_url(env.url, queue.scope, queue.name)}
