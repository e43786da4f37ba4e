"""RemovePermission."""

from typing import Any

from lambent.model.scope import Caller
from lambent.queues import errors
from lambent.services.sqs import policy
from lambent.services.sqs.env import SqsEnv


async def remove_permission(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Takes the statement of a label out of the queue's policy."""
    queue = env.queue(caller, params)
    label = params.get("Label")
    if not label:
        raise errors.missing("Label")
    statements = policy.statements(queue)
    kept = [statement for statement in statements if statement.get("Sid") != label]
    if len(kept) == len(statements):
        raise errors.bad_value(label, "Label", "can't find label on existing policy.")
    await policy.put(env, queue, kept)
    return {}
