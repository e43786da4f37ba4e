"""DeleteMessage."""

from typing import Any

from lambent.model.scope import Caller
from lambent.queues import errors
from lambent.services.sqs.batches import handle_of
from lambent.services.sqs.env import SqsEnv


async def delete_message(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The message of a receipt goes, if it is the latest receipt; it is gone from disk when this answers."""
    queue = env.queue(caller, params)
    with errors.worded():
        wrong = (await env.messages.delete(queue, [handle_of(params)]))[0]
    if wrong is not None:
        raise wrong
    return {}
