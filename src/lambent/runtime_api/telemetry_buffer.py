"""When a subscriber's records go to it. Pure: time is passed in (seconds, any monotonic clock).

Records are gathered into a batch until it has `max_items`, has `max_bytes`, or is `timeout` old. A batch that is ready
waits for the one before it to be delivered. What is ready and undelivered is bounded by `max_bytes`: a subscriber that
doesn't keep up loses the newest batch, and is told so.
"""

from collections import deque
from dataclasses import dataclass, field

from lambent.runtime_api.telemetry import Subscription


@dataclass(slots=True)
class Batch:
    """Records, each of them JSON, that go together."""

    records: list[bytes] = field(default_factory=list)
    size: int = 0
    """Bytes."""

    def add(self, record: bytes) -> None:
        """One more."""
        self.records.append(record)
        self.size += len(record)


class Buffer:
    """What one subscriber has yet to get."""

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self._current = Batch()
        self._deadline: float | None = None
        self._ready: deque[Batch] = deque()
        self._ready_bytes = 0
        self._dropped = (0, 0)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to deliver, now or later."""
        return not self._current.records and not self._ready

    @property
    def deadline(self) -> float | None:
        """When `take` has something if nothing else happens; None while it is empty. May be in the past."""
        return float("-inf") if self._ready else self._deadline

    def add(self, record: bytes, now: float) -> None:
        """One more record."""
        if not self._current.records:
            self._deadline = now + self.subscription.timeout
        self._current.add(record)
        if (
            len(self._current.records) >= self.subscription.max_items
            or self._current.size >= self.subscription.max_bytes
        ):
            self.seal()

    def seal(self) -> None:
        """What has been gathered is ready, whatever its age."""
        batch, self._current = self._current, Batch()
        self._deadline = None
        if not batch.records:
            return
        if self._ready and self._ready_bytes + batch.size > self.subscription.max_bytes:
            self.lose(batch)
            return
        self._ready.append(batch)
        self._ready_bytes += batch.size

    def take(self, now: float) -> Batch | None:
        """The next batch that is to be delivered now."""
        if self._deadline is not None and now >= self._deadline:
            self.seal()
        if not self._ready:
            return None
        batch = self._ready.popleft()
        self._ready_bytes -= batch.size
        return batch

    def lose(self, batch: Batch) -> None:
        """A batch that can't be delivered."""
        records, size = self._dropped
        self._dropped = (records + len(batch.records), size + batch.size)

    def dropped(self) -> tuple[int, int]:
        """How many records and bytes were lost since this was last asked."""
        dropped, self._dropped = self._dropped, (0, 0)
        return dropped
