"""ListDeadLetterSourceQueues."""

from typing import Any

from lambent.model.scope import Caller
from lambent.queues.names import queue_url
from lambent.services.sqs.env import SqsEnv
from lambent.services.sqs.paging import page


async def list_dead_letter_source_queues(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The URLs of the queues whose dead letters come to this one."""
    sources = env.registry.sources(env.queue(caller, params))
    urls, token = page([queue_url(env.url, one.scope, one.name) for one in sources], params)
    return {"queueUrls": urls, "NextToken": token}
