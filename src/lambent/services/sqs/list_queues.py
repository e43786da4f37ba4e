"""ListQueues."""

from typing import Any

from lambent.model.scope import Caller
from lambent.queues.names import queue_url
from lambent.services.sqs.env import SqsEnv
from lambent.services.sqs.paging import page


async def list_queues(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The URLs of the account's queues in the region, a thousand at most."""
    prefix = params.get("QueueNamePrefix") or ""
    names = [queue.name for queue in env.registry.all(caller.scope) if queue.name.startswith(prefix)]
    urls, token = page([queue_url(env.url, caller.scope, name) for name in names], params)
    return {"QueueUrls": urls or None, "NextToken": token}
