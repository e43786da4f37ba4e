"""Which messages of FIFO topics were sent already: for five minutes of the platform's clock.

In memory alone: a topic's queues know the deduplication ids as well, on disk.
Source: https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field

SECONDS = 300.0


@dataclass(frozen=True, slots=True, eq=False)
class Sent:
    """What a publisher is told; `settled` is set when it is on disk, or could not be."""

    message_id: str
    sequence: str
    settled: asyncio.Event = field(default_factory=asyncio.Event)


Key = tuple[str, str, str]
"""Topic, group ("" where ids count for the whole topic), deduplication id."""


class Deduplication:
    """The ids of all topics."""

    def __init__(self) -> None:
        self._sent: dict[Key, Sent] = {}
        self._order: deque[tuple[float, Key, Sent]] = deque()

    def find(self, key: Key, now: float) -> Sent | None:
        """What was sent under that id in the last five minutes."""
        while self._order and self._order[0][0] <= now - SECONDS:
            _, old, sent = self._order.popleft()
            if self._sent.get(old) is sent:
                del self._sent[old]
        return self._sent.get(key)

    def add(self, key: Key, sent: Sent, now: float) -> None:
        """It is being sent."""
        self._sent[key] = sent
        self._order.append((now, key, sent))

    async def wait(self, key: Key) -> None:
        """Until what is being sent under that id is on disk, or could not be."""
        while (sent := self._sent.get(key)) is not None and not sent.settled.is_set():
            await sent.settled.wait()

    def forget(self, key: Key, sent: Sent) -> None:
        """It could not be kept: the next one counts."""
        if self._sent.get(key) is sent:
            del self._sent[key]
