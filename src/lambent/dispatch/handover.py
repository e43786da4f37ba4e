"""Takes the messages of the neighbour's services to the functions and queues that are answered here.

Nothing is lost silently: what can't be delivered goes to its dead letter queue, or is logged and reported.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any

from lambent.dispatch.sending import Send, failure
from lambent.model import lineage
from lambent.model.delivery import Delivery, Handed
from lambent.model.finding import Finding

log = logging.getLogger(__name__)

PATIENCE = 1.0
"""Real seconds that the sending service waits for a message; a longer story goes on without it."""

HINTS = {
    "sns": "A RedrivePolicy of the subscription keeps such messages.",
    "events": "A DeadLetterConfig of the rule's target keeps such events.",
}

Spawn = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]


class Handover:
    """`send` hands a message to its service and raises DeliveryFailed; `spawn` owns tasks."""

    def __init__(
        self,
        send: Send,
        report: Callable[[Finding], None],
        spawn: Spawn,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._send = send
        self._report = report
        self._spawn = spawn
        self._pause = pause

    async def __call__(self, handed: Handed) -> None:
        """Come back when the message has arrived, or is given up, or takes long; in a FIFO group the next one waits
        for its turn. Never raises."""
        task = self._spawn(self._take(handed))
        await asyncio.wait([task], timeout=None if handed.delivery.group else PATIENCE)

    async def _take(self, handed: Handed) -> None:
        if handed.problem:
            self._lost(handed, handed.problem)
            return
        message = _traced(handed)
        reason = await failure(self._send, message, self._pause)
        if reason is None:
            return
        if handed.dead_letter:
            log.warning("a message of %s to %s: %s; to its dead letters", message.arn, message.target, reason)
            said = await failure(self._send, _dead_letter(handed, message, reason), self._pause)
            if said is None:
                return
            reason = f"{reason}; nor to its dead letter queue {handed.dead_letter}: {said}"
        self._lost(handed, reason)

    def _lost(self, handed: Handed, reason: str) -> None:
        message, source = handed.delivery, handed.through[-1]
        log.warning("a message of %s is not at %s: %s", message.arn, message.target, reason)
        text = f"A message of {message.arn} could not be delivered to it: {reason}"
        self._report(Finding(f"undelivered/{source}", message.target, text, HINTS.get(source, "")))


def _traced(handed: Handed) -> Delivery:
    """With the lineage that AWS would hand on, if it would."""
    unwatched = [service for service in handed.through if service not in lineage.WATCHED]
    if not unwatched:
        return handed.delivery
    return replace(handed.delivery, trace_id=lineage.unwatched(handed.delivery.trace_id, unwatched[-1]))


def _dead_letter(handed: Handed, message: Delivery, reason: str) -> Delivery:
    """EventBridge says with it what happened.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """
    attributes = message.attributes
    if handed.through[-1] == "events":
        said = {"RULE_ARN": message.arn, "TARGET_ARN": message.target, "ERROR_MESSAGE": reason}
        attributes = {name: ("String", value) for name, value in said.items()}
    return replace(message, target=handed.dead_letter, attributes=attributes)
