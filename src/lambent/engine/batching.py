"""When a batch is closed: by its size, by its bytes, or by its window.

    gathering ──add──> gathering, until it holds `size` records or one more would pass PAYLOAD_BYTES
        │
        └── the window from the first record on is over

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html ("Batching behavior").
Pure; times are seconds of any one clock.
"""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

PAYLOAD_BYTES = 6 * 1024 * 1024
"""Of the event that a synchronous invocation takes."""
ENVELOPE_BYTES = len('{"Records":[]}')

Record = TypeVar("Record")


@dataclass(slots=True)
class Batch(Generic[Record]):
    """Records on their way to one invocation. `window` is in seconds, `limit` in bytes of the whole event."""

    size: int
    window: float
    limit: int = PAYLOAD_BYTES
    records: list[Record] = field(default_factory=list)
    bytes: int = ENVELOPE_BYTES
    first: float = 0.0

    def takes(self, size: int) -> bool:
        """Whether one more record of that many bytes still fits. A batch takes one record whatever its size."""
        if not self.records:
            return True
        return len(self.records) < self.size and self.bytes + size + 1 <= self.limit

    def add(self, record: Record, size: int, now: float) -> None:
        """One more record of `size` bytes as JSON."""
        if not self.records:
            self.first = now
        self.records.append(record)
        self.bytes += size + (1 if len(self.records) > 1 else 0)

    @property
    def room(self) -> int:
        """How many more records it takes at most."""
        return self.size - len(self.records)

    @property
    def due(self) -> float:
        """When its window is over; it has a record."""
        return self.first + self.window

    def closed(self, now: float) -> bool:
        """Whether it goes now, as far as size and window tell."""
        return bool(self.records) and (len(self.records) >= self.size or now >= self.due)
