"""ChangeMessageVisibilityBatch."""

from typing import Any

from lambent.model.scope import Caller
from lambent.queues import errors
from lambent.services.sqs import batches
from lambent.services.sqs.change_message_visibility import refused
from lambent.services.sqs.env import SqsEnv


async def change_message_visibility_batch(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """When up to ten messages turn visible again, each by itself."""
    queue = env.queue(caller, params)
    entries = batches.entries_of(params, "ChangeMessageVisibilityBatchRequestEntry")
    wrong: list[Exception | None] = [refused(entry) for entry in entries]
    good = [entry for entry, fault in zip(entries, wrong, strict=True) if fault is None]
    changes = [(batches.handle_of(entry), entry["VisibilityTimeout"]) for entry in good]
    with errors.worded():
        outcomes = iter(await env.messages.change_visibility(queue, changes))
    return batches.outcome(entries, [fault if fault is not None else next(outcomes) for fault in wrong])
