"""CancelMessageMoveTask."""

from typing import Any

from lambent.model.scope import Caller
from lambent.queues import errors
from lambent.services.sqs.env import SqsEnv


async def cancel_message_move_task(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Stops a task; what it has moved stays moved."""
    handle = params.get("TaskHandle")
    if not handle:
        raise errors.missing("TaskHandle")
    with errors.worded():
        return {"ApproximateNumberOfMessagesMoved": await env.moves.cancel(handle, caller.scope.account)}
