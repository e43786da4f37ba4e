"""SendMessageBatch."""

from typing import Any

from lambent.model.scope import Caller
from lambent.queues import outgoing
from lambent.queues.errors import QueueError
from lambent.services.sqs import batches
from lambent.services.sqs.env import SqsEnv
from lambent.services.sqs.sender import sender_id, told


async def send_message_batch(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Up to ten messages; those that are told as successful are on disk."""
    queue = env.queue(caller, params)
    entries = batches.entries_of(params, "SendMessageBatchRequestEntry")
    asked = [outgoing.read(entry, sender_id(caller), caller.trace_id) for entry in entries]
    size, most = sum(one.size for one in asked), env.limits.sqs_message_bytes
    if size > most:
        text = f"Batch requests cannot be longer than {most} bytes. You have sent {size} bytes."
        raise QueueError("BatchRequestTooLong", text)
    outcomes = list(zip(entries, await env.queues.send_all(queue, asked), strict=True))
    done = [{"Id": entry["Id"], **told(one)} for entry, one in outcomes if not isinstance(one, QueueError)]
    return batches.answer(done, [batches.failed(entry, one) for entry, one in outcomes if isinstance(one, QueueError)])
