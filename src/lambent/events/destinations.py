"""Sends what is known of an event that has ended to its destination and its dead letter queue.

What can't be delivered is tried again a few times, then counted (DestinationDeliveryFailures, DeadLetterErrors), logged
and reported. Retries are in real time: they wait for a service, not for the platform's clock.
"""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Sequence

from lambent.engine import invocation_record
from lambent.engine.async_event import Role, Target
from lambent.engine.invocation_record import Ending
from lambent.events.sending import Send, failure
from lambent.model.async_event import AsyncEvent, Handling
from lambent.model.delivery import Delivery
from lambent.model.finding import Finding
from lambent.observe.metrics import Metrics

log = logging.getLogger(__name__)


class Destinations:
    """`send` hands a message to its service and raises DeliveryFailed; `now` is seconds since 1970."""

    def __init__(
        self,
        send: Send,
        report: Callable[[Finding], None],
        metrics: Metrics,
        now: Callable[[], float],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._send = send
        self._report = report
        self._metrics = metrics
        self._now = now
        self._pause = pause

    async def deliver(
        self, event: AsyncEvent, handling: Handling, ending: Ending, trace_id: str, targets: Sequence[Target]
    ) -> bool:
        """Send what is known of `event` to `targets`. Never raises: what fails is counted and reported, and makes the
        answer False."""
        messages = [(self._for(target, event, handling, ending, trace_id), target.role) for target in targets]
        return all(await asyncio.gather(*(self._deliver(event, message, role) for message, role in messages)))

    def _for(self, target: Target, event: AsyncEvent, handling: Handling, ending: Ending, trace_id: str) -> Delivery:
        if target.role is Role.DEAD_LETTER:
            attributes = invocation_record.dead_letter_attributes(event, ending)
            return self._message(event, handling, trace_id, target.arn, event.payload, "", attributes)
        body = invocation_record.record(event, handling, ending, self._now())
        return self._message(event, handling, trace_id, target.arn, body, invocation_record.detail_type(ending))

    def _message(
        self,
        event: AsyncEvent,
        handling: Handling,
        trace_id: str,
        target: str,
        body: bytes,
        detail_type: str,
        attributes: dict[str, tuple[str, str]] | None = None,
    ) -> Delivery:
        unique, now = str(uuid.uuid4()), self._now()
        arn = handling.record_arn
        return Delivery(
            event.scope, target, body, event.function, arn, trace_id, unique, now, detail_type, attributes or {}
        )

    async def _deliver(self, event: AsyncEvent, message: Delivery, role: Role) -> bool:
        reason = await failure(self._send, message, self._pause)
        if reason is not None:
            self._failed(event, message, role, reason)
        return reason is None

    def _failed(self, event: AsyncEvent, message: Delivery, role: Role, reason: str) -> None:
        log.warning("event %s of %s is not at %s: %s", event.request_id, message.arn, message.target, reason)
        resource = f"{event.function}:{event.qualifier}" if event.qualifier else ""
        self._metrics.add(role.value, event.scope, event.function, resource=resource)
        what = "record" if role is Role.DESTINATION else "dead letter"
        text = f"A {what} could not be delivered to {message.target}: {reason}"
        hint = f"The last one lost this way was of request {event.request_id}."
        self._report(Finding(f"undelivered/{role.value}", message.arn, text, hint))
