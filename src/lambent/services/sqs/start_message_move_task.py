"""StartMessageMoveTask."""

from typing import Any

from lambent.model.scope import Caller
from lambent.queues import errors
from lambent.services.sqs.env import SqsEnv

FASTEST = 500


async def start_message_move_task(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Begins to move a dead-letter queue's messages back where they came from, or to another queue."""
    source, rate = params.get("SourceArn"), params.get("MaxNumberOfMessagesPerSecond")
    if not source:
        raise errors.missing("SourceArn")
    if rate is not None and not 1 <= rate <= FASTEST:
        reason = f"Must be between 1 and {FASTEST}, if provided."  # our wording
        raise errors.bad_value(rate, "MaxNumberOfMessagesPerSecond", reason)
    with errors.worded():
        return {"TaskHandle": await env.moves.start(source, params.get("DestinationArn") or "", rate)}
