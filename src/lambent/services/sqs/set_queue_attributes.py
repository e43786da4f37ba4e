"""SetQueueAttributes."""

from typing import Any

from lambent.model.scope import Caller
from lambent.queues import attributes, errors
from lambent.services.sqs import findings
from lambent.services.sqs.env import SqsEnv


async def set_queue_attributes(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Changes attributes; it takes effect at once, where AWS takes up to a minute (retention: 15 minutes)."""
    queue = env.queue(caller, params)
    given = params.get("Attributes")
    if not given:
        raise errors.missing("Attribute.Name")
    kept = attributes.check(env.registry, env.limits, queue, given, queue.arn)
    now = env.clock.wall()
    with errors.worded():
        changed = await env.registry.change(
            queue, lambda current: {"attributes": attributes.changed(current.attributes, kept), "modified": now}
        )
    findings.tell(env.report, env.withdraw, changed)
    return {}
