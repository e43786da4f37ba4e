"""SendMessage."""

from typing import Any

from lambent.model.scope import Caller
from lambent.queues import outgoing
from lambent.queues.errors import QueueError
from lambent.services.sqs.env import SqsEnv
from lambent.services.sqs.sender import sender_id, told


async def send_message(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """One message; it is on disk when this answers, or who sent it has it there."""
    queue = env.queue(caller, params)
    one = outgoing.read(params, sender_id(caller), caller.trace_id)
    outcome = (await env.queues.send_all(queue, [one], light=caller.kept))[0]
    if isinstance(outcome, QueueError):
        raise outcome
    return told(outcome)
