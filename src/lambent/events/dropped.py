"""What is told of asynchronous events that nobody gets."""

import logging
from collections import Counter
from collections.abc import Callable

from lambent.engine.async_event import Condition
from lambent.model.async_event import AsyncEvent
from lambent.model.finding import Finding

log = logging.getLogger(__name__)


class Dropped:
    """Counts them, by function and reason, for the findings."""

    def __init__(self, report: Callable[[Finding], None]) -> None:
        self._report = report
        self._counts: Counter[str] = Counter()

    def lost(self, event: AsyncEvent, arn: str, condition: Condition) -> None:
        """It ended badly, and no destination was asked for."""
        log.warning("event %s of %s dropped: no destination (%s)", event.request_id, arn, condition.value)
        times = self._times(f"{arn} {condition.value}")
        text = f"dropped: no destination. {times} with {condition.value}, the last one {event.request_id}."
        hint = "A dead letter queue or a destination on failure keeps such events."
        self._report(Finding(f"event-dropped/{condition.value}", arn, text, hint))

    def gone(self, event: AsyncEvent) -> None:
        """Its function, version or alias is no more."""
        arn = f"arn:aws:lambda:{event.scope.region}:{event.scope.account}:function:{event.function}"
        resource = f"{arn}:{event.qualifier}" if event.qualifier else arn
        times = self._times(f"{resource} gone")
        text = f"dropped: the function is gone. {times} waited for it, the last one {event.request_id}."
        self._report(Finding("event-dropped/function-gone", resource, text))
        log.warning("event %s of %s dropped: the function is gone", event.request_id, resource)

    def _times(self, what: str) -> str:
        self._counts[what] += 1
        count = self._counts[what]
        return "One event" if count == 1 else f"{count} events"
