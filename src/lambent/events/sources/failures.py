"""Sends what is known of discarded records to a mapping's OnFailure destination."""

import asyncio
import logging
import uuid
from collections.abc import Callable

from lambent.engine.failure_record import LastRun, Origin, failure_record
from lambent.engine.shard import Discarded
from lambent.events.sending import Send, failure
from lambent.events.sources.observed import Observed
from lambent.model.delivery import Delivery
from lambent.model.event_source import EventSource

log = logging.getLogger(__name__)


class Failures:
    """`send` hands a message to its service; `now` is seconds since 1970."""

    def __init__(self, send: Send, now: Callable[[], float]) -> None:
        self._send = send
        self._now = now

    async def tell(
        self, source: EventSource, origin: Origin, gone: Discarded, last: LastRun, payload: bytes, observed: Observed
    ) -> None:
        """Come back when the record has arrived, or was given up: that is counted and reported."""
        count = len(gone.records)
        observed.discarded(gone.condition.value)
        if not source.on_failure:
            observed.dropped(count)
            return
        unique, now = str(uuid.uuid4()), self._now()
        to_bucket = source.on_failure.split(":")[2] == "s3"
        body = failure_record(origin, gone, last, now, payload if to_bucket else None)
        message = Delivery(
            source.scope, source.on_failure, body, f"{source.uuid}/{origin.shard}", origin.function, "", unique, now
        )
        reason = await failure(self._send, message, asyncio.sleep)
        if reason is None:
            observed.delivered(count)
        else:
            log.warning("the record of a discarded batch of %s is not at %s: %s", source.arn, source.on_failure, reason)
            observed.undelivered(source.on_failure, reason)
            observed.dropped(count)
