"""Queues' messages come from disk: all of a FIFO queue's, about 250 bytes each; of a standard queue the next ones
(`engine.queue.HORIZON`), and those that somebody may hold."""

import sys
from collections.abc import Sequence

from lambent.clock import Clock
from lambent.engine.queue_message import Message
from lambent.queues.config import Config
from lambent.queues.live_queue import Accepted, Live
from lambent.store.queues import MessageRow, QueueStore

PAGE = 5_000
"""Messages that are loaded at once: others have their turn in between."""


class Loading:
    """Of all queues."""

    def __init__(self, store: QueueStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def load(self, queue: Config) -> Live:
        """A queue as it is on disk. Raises StoreError."""
        live = Live(queue.uid, queue.rules, self._clock)
        await self._load_messages(live)
        for row in await self._store.deduplications(queue.uid):
            live.accepted.put(row.key, Accepted(row.seq, row.message), min(row.accepted, self._clock.wall()))
        return live

    async def _load_messages(self, live: Live) -> None:
        """All, or the next ones and those that somebody may hold."""
        after = 0
        while rows := await self._store.load(live.uid, after, PAGE):
            live.core.load(self._messages(rows), self._clock.wall())
            after = rows[-1].seq
            if live.core.full:
                await self._leave_behind(live, after)
                return

    async def _leave_behind(self, live: Live, edge: int) -> None:
        live.core.leave_behind(edge, 0)
        touched = await self._store.touched(live.uid, edge)
        live.core.arrive(self._messages(touched), self._clock.wall())
        await self.count_behind(live, edge)

    async def count_behind(self, live: Live, edge: int) -> None:
        """Find out how many messages behind `edge` are not in memory. Raises StoreError."""

        def counted(count: int) -> None:
            held = sum(message.seq > edge for message in live.core.messages())
            live.core.leave_behind(edge, count - held)

        await self._store.count(live.uid, edge, counted)

    async def refill(self, live: Live) -> None:
        """Load what is next, when little of it is left in memory. Raises StoreError."""

        def loaded(rows: list[MessageRow]) -> None:
            live.core.load(self._messages(rows), self._clock.wall())
            live.core.advance(self._clock.wall())
            live.settle()

        live.core.advance(self._clock.wall())
        if not live.core.wants():
            return
        async with live.filling:
            while live.core.wants():
                await self._store.load(live.uid, live.core.edge, PAGE, loaded)

    def _messages(self, rows: Sequence[MessageRow]) -> list[Message]:
        now = self._clock.wall()
        return [message_of(_put_right(row, now)) for row in rows]


def _put_right(row: MessageRow, now: float) -> MessageRow:
    """What was sent or received under a clock that was ahead of this one counts from now on."""
    latest = max(row.sent, row.taken)
    if latest <= now:
        return row
    ahead = latest - now
    return row._replace(
        sent=min(row.sent, now),
        taken=min(row.taken, now),
        first=min(row.first, now),
        visible=max(row.visible - ahead, 0.0),
    )


def message_of(row: MessageRow) -> Message:
    """A row in memory. Nearly all zeros are the same one, and so are the names of a group."""
    return Message(
        row.seq,
        row.sent,
        sys.intern(row.message_group),
        row.visible or 0.0,
        row.receives,
        row.first or 0.0,
        row.taken or 0.0,
    )
