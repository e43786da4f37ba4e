"""Queues of other accounts: the queue's policy decides, and it can never give away what changes the queue itself.

Sources: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-limitations-of-custom-policies.html
(which actions can't be shared); the text is as publicly reported by callers of AWS.
"""

import functools
from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from lambent.engine.authorisation import resource
from lambent.engine.authorisation.decide import Ask
from lambent.engine.authorisation.request_keys import of_any
from lambent.model.scope import Caller, Scope
from lambent.queues.config import Config
from lambent.queues.errors import QueueError
from lambent.queues.names import from_arn, from_url, queue_arn
from lambent.services.sqs.env import SqsEnv

Operation = Callable[[SqsEnv, Caller, dict[str, Any]], Awaitable[dict[str, Any]]]

NEVER = frozenset(
    {
        *("AddPermission", "CancelMessageMoveTask", "CreateQueue", "DeleteQueue", "ListMessageMoveTasks", "ListQueues"),
        *("ListQueueTags", "RemovePermission", "SetQueueAttributes", "StartMessageMoveTask", "TagQueue", "UntagQueue"),
    }
)
ARNS = ("SourceArn", "DestinationArn")


def guarded(action: str, operation: Operation) -> Operation:
    """The operation for those who may have it done with the queue that they name."""

    @functools.wraps(operation)
    async def run(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        for scope, name in _named(caller, params):
            if scope.account != caller.scope.account:
                _check(env, caller, action, scope, name)
        return await operation(env, caller, params)

    return run


def _named(caller: Caller, params: dict[str, Any]) -> list[tuple[Scope, str]]:
    """The queues that a request names. Raises QueueError for a URL that is none."""
    named = [from_arn(params[arn]) for arn in ARNS if params.get(arn)]
    if params.get("QueueUrl"):
        named.append(from_url(params["QueueUrl"], caller.scope))
    elif params.get("QueueOwnerAWSAccountId"):
        named.append((Scope(params["QueueOwnerAWSAccountId"], caller.scope.region), params.get("QueueName") or ""))
    return [one for one in named if one is not None]


def _check(env: SqsEnv, caller: Caller, action: str, scope: Scope, name: str) -> None:
    """Raises QueueError: there is no such queue, or its policy does not allow it."""
    queue = env.registry.get(scope, name)
    if action in NEVER or not _allowed(queue, caller, action, env.clock.wall()):
        raise denied(caller, action, queue_arn(scope, name))


def _allowed(queue: Config, caller: Caller, action: str, now: float) -> bool:
    policy = orjson.loads(queue.attributes.get("Policy") or "{}")
    # A batch is allowed by the action of its single messages.
    who = resource.asking(caller)
    return resource.lets_in(policy, Ask(who, f"sqs:{action.removesuffix('Batch')}", queue.arn, keys=of_any(now)))


def denied(caller: Caller, action: str, arn: str) -> QueueError:
    """403: another account's queue."""
    verb = f"sqs:{action.removesuffix('Batch').lower()}"
    return QueueError("AccessDenied", resource.not_let_in(resource.asking(caller).arn, verb, arn), status=403)
