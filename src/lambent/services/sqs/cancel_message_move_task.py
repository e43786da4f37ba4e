"""CancelMessageMoveTask."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.sqs import faults
from lambent.services.sqs.env import SqsEnv


async def cancel_message_move_task(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Stops a task; what it has moved stays moved."""
    handle = params.get("TaskHandle")
    if not handle:
        raise faults.missing("TaskHandle")
    with faults.worded():
        return {"ApproximateNumberOfMessagesMoved": await env.moves.cancel(handle)}
