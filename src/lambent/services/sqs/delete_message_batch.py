"""DeleteMessageBatch."""

from typing import Any

from lambent.model.scope import Caller
from lambent.queues import errors
from lambent.services.sqs import batches
from lambent.services.sqs.env import SqsEnv


async def delete_message_batch(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The messages of up to ten receipts go, each by itself."""
    queue = env.queue(caller, params)
    entries = batches.entries_of(params, "DeleteMessageBatchRequestEntry")
    handles = [batches.handle_of(entry) for entry in entries]
    with errors.worded():
        wrong = await env.messages.delete(queue, handles)
    return batches.outcome(entries, wrong)
