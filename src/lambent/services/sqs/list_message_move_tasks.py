"""ListMessageMoveTasks."""

from typing import Any

from lambent.model.scope import Caller
from lambent.queues import errors
from lambent.queues.moves import handle_of
from lambent.services.sqs.env import SqsEnv
from lambent.store.resources import Resource

MOST = 10


async def list_message_move_tasks(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The latest tasks of a dead-letter queue, by default only the last."""
    source, most = params.get("SourceArn"), params.get("MaxResults")
    if not source:
        raise errors.missing("SourceArn")
    if most is not None and not 1 <= most <= MOST:
        raise errors.bad_value(most, "MaxResults", f"Must be between 1 and {MOST}, if provided.")  # our wording
    return {"Results": [_shown(task) for task in env.moves.listed(source, most or 1)]}


def _shown(task: Resource) -> dict[str, Any]:
    document = task.document
    return {
        "TaskHandle": handle_of(task) if document["status"] == "RUNNING" else None,
        "Status": document["status"],
        "SourceArn": document["source"],
        "DestinationArn": document["destination"] or None,
        "MaxNumberOfMessagesPerSecond": document["rate"] or None,
        "ApproximateNumberOfMessagesMoved": document["moved"],
        "ApproximateNumberOfMessagesToMove": document["to_move"],
        "FailureReason": document["failure"] or None,
        "StartedTimestamp": document["started"],
    }
