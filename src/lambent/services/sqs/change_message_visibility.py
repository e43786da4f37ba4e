"""ChangeMessageVisibility."""

from typing import Any

from lambent.model.scope import Caller
from lambent.queues import errors
from lambent.queues.errors import QueueError
from lambent.services.sqs.batches import handle_of
from lambent.services.sqs.env import SqsEnv

LONGEST = 43_200


async def change_message_visibility(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """When a message in flight turns visible again, in seconds from now."""
    queue = env.queue(caller, params)
    handle = handle_of(params)
    wrong: Exception | None = refused(params)
    if wrong is None:
        with errors.worded():
            wrong = (await env.messages.change_visibility(queue, [(handle, params["VisibilityTimeout"])]))[0]
    if wrong is not None:
        raise wrong
    return {}


def refused(entry: dict[str, Any]) -> QueueError | None:
    """What is wrong with the VisibilityTimeout of a request or an entry."""
    seconds = entry.get("VisibilityTimeout")
    if seconds is None:
        return errors.missing("VisibilityTimeout")
    if not 0 <= seconds <= LONGEST:
        reason = f"VisibilityTimeout must be an integer between 0 and {LONGEST}."  # our wording
        return errors.bad_value(seconds, "VisibilityTimeout", reason)
    return None
