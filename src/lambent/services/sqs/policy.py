"""A queue's access policy, as AddPermission and RemovePermission write it."""

from typing import Any

import orjson

from lambent.queues import attributes, errors
from lambent.queues.config import Config
from lambent.services.sqs import findings
from lambent.services.sqs.env import SqsEnv

Statements = list[dict[str, Any]]


def statements(queue: Config) -> Statements:
    """The statements of the policy, if there is one."""
    found = orjson.loads(queue.attributes.get("Policy") or "{}").get("Statement", [])
    return found if isinstance(found, list) else [found]


async def put(env: SqsEnv, queue: Config, kept: Statements) -> None:
    """Put `kept` in the place of the statements; no policy is left when it is empty."""
    policy = {"Version": "2008-10-17", "Id": f"{queue.arn}/SQSDefaultPolicy"}
    policy |= orjson.loads(queue.attributes.get("Policy") or "{}") | {"Statement": kept}
    text = orjson.dumps(policy).decode() if kept else ""
    with errors.worded():
        changed = await env.registry.change(
            queue, lambda current: {"attributes": attributes.changed(current.attributes, {"Policy": text})}
        )
    findings.tell(env.report, env.withdraw, changed)
