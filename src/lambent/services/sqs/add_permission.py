"""AddPermission."""

import re
from typing import Any

from lambent.model.scope import Caller
from lambent.queues import errors
from lambent.queues.errors import QueueError
from lambent.services.sqs import policy
from lambent.services.sqs.env import SqsEnv

MOST_ACTIONS = 7
MOST_STATEMENTS = 20
ACTIONS = frozenset(
    {
        *("*", "ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ReceiveMessage"),
        *("SendMessage", "ListDeadLetterSourceQueues", "PurgeQueue"),
    }
)
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,80}")


async def add_permission(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Adds a statement to the queue's policy, which is enforced for other accounts only (a finding says so)."""
    queue = env.queue(caller, params)
    label, accounts, actions = _read(params)
    statements = policy.statements(queue)
    if any(statement.get("Sid") == label for statement in statements):
        raise errors.bad_value(label, "Label", "Already exists.")
    if len(statements) >= MOST_STATEMENTS:
        raise QueueError("OverLimit", f"{MOST_STATEMENTS} statements per policy maximum")  # our wording
    principals = [f"arn:aws:iam::{account}:root" for account in accounts]
    allowed = [f"SQS:{action}" for action in actions]
    statement = {
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": principals[0] if len(principals) == 1 else principals},
        "Action": allowed[0] if len(allowed) == 1 else allowed,
        "Resource": queue.arn,
    }
    await policy.put(env, queue, [*statements, statement])
    return {}


def _read(params: dict[str, Any]) -> tuple[str, list[str], list[str]]:
    for name, shown in (("Label", "Label"), ("AWSAccountIds", "AWSAccountIds"), ("Actions", "Actions")):
        if not params.get(name):
            raise errors.missing(shown)
    label, accounts, actions = params["Label"], params["AWSAccountIds"], params["Actions"]
    if not _LABEL.fullmatch(label):
        reason = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        raise errors.bad_value(label, "Label", reason)
    for account in accounts:
        if not re.fullmatch(r"[0-9]{12}", account):
            raise errors.bad_value(account, "PrincipalId", "Unable to verify.")
    if len(actions) > MOST_ACTIONS:
        raise QueueError("OverLimit", f"{MOST_ACTIONS} Actions per permission statement maximum")
    for action in actions:
        if action not in ACTIONS:
            reason = "Please refer to the appropriate WSDL for a list of valid actions."
            raise errors.bad_value(f"SQS:{action}", "ActionName", reason)
    return label, accounts, actions
