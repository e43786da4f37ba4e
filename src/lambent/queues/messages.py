"""The messages of all queues: decided in memory, acknowledged when they are on disk.

What is kept, and when:

- A message is sent when its row is on disk, and received only after that.
- A receive is written (its count and its deadline) before the message is handed out: after a crash a message that
  someone holds stays invisible until its time, and the count towards a dead-letter queue is exact.
- A deletion, a change of visibility and a move to another queue are on disk before they are acknowledged; a move is one
  transaction.
- In memory alone: who waits, the attempt ids of FIFO receives, the minute after a purge or a deletion.

A queue's messages are loaded when it is first used, without what they say (`loading`). Contents are read from disk, but
for the latest `CACHE` bytes.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from lambent.clock import Clock
from lambent.engine.queue import Standing
from lambent.engine.queue_message import Message, Place
from lambent.queues import content as contents
from lambent.queues import errors, receipts
from lambent.queues.config import Config
from lambent.queues.content import Cache, Content
from lambent.queues.live_queue import Live
from lambent.queues.loading import Loading, message_of
from lambent.queues.receipts import Receipt
from lambent.queues.tally import Tally
from lambent.store.queues import Changes, MessageRow, QueueStore, ReceiveRow
from lambent.store.queues import Place as RowPlace

CACHE = 32 << 20
FIRST_SEQUENCE = 18_800_000_000_000_000_000
"""Sequence numbers have 20 digits."""


class Delivery(NamedTuple):
    """A message that was received; times are seconds since 1970."""

    content: Content
    handle: str
    receives: int
    sent: float
    first: float


class Messages:
    """`find` answers the queue of an ARN; `new_id` makes message ids (UUIDs)."""

    def __init__(
        self, store: QueueStore, clock: Clock, find: Callable[[str], Config | None], new_id: Callable[[], str]
    ) -> None:
        self.clock = clock
        self.new_id = new_id
        self.store = store
        self._find = find
        self.tally = Tally()
        self._cache = Cache(CACHE)
        self._live: dict[int, Live] = {}
        self._loading: dict[int, asyncio.Task[Live]] = {}
        self._loader = Loading(store, clock)
        self._seq = 0

    async def open(self) -> None:
        """Before anything else. Raises StoreError."""
        # From the time of day, so that numbers go on when what had the highest is deleted.
        self._seq = max(await self.store.last(), int(self.clock.wall() * 1_000_000))

    @property
    def last_seq(self) -> int:
        """The number of the latest message."""
        return self._seq

    def next_seq(self) -> int:
        """The number of one more message."""
        self._seq += 1
        return self._seq

    async def live(self, queue: Config) -> Live:
        """A queue in use; loaded if it is not. Raises StoreError."""
        found = self._live.get(queue.uid)
        if found is None:
            task = self._loading.get(queue.uid)
            if task is None:
                task = self._loading[queue.uid] = asyncio.create_task(self._load(queue))
            found = await asyncio.shield(task)
        found.core.rules = queue.rules
        return found

    def ready(self, queue: Config) -> int:
        """How many messages of a queue in use are visible."""
        live = self._live.get(queue.uid)
        if live is None:
            return 0
        live.core.advance(self.clock.wall())
        return live.core.count(Place.READY)

    def take_stock(self, queue: Config) -> None:
        """Measure what is in a queue in use; its oldest message is the first that came."""
        live = self._live.get(queue.uid)
        if live is not None:
            now = self.clock.wall()
            live.core.advance(now)
            held = live.core.count(Place.IN_FLIGHT)
            age = max(now - live.core.oldest(now), 0.0)
            self.tally.standing(queue, live.core.count(Place.READY), held, live.core.count(Place.DELAYED), age)

    async def _load(self, queue: Config) -> Live:
        try:
            live = await self._loader.load(queue)
        finally:
            del self._loading[queue.uid]
        self._live[queue.uid] = live
        return live

    async def refill(self, live: Live) -> None:
        """Load what is next, when little of it is left in memory. Raises StoreError."""
        await self._loader.refill(live)

    # --- coming --------------------------------------------------------------------------------------------

    async def put(
        self, live: Live, changes: Changes, then: Callable[[], None], undo: Callable[[], None], *, light: bool = False
    ) -> None:
        """New messages of one queue, with what else changes; they can be received when they are on disk (`light` as in
        `GroupCommit.write`). `then` is called before they can be, `undo` when they could not be written. Raises
        StoreError.
        """
        arriving = list(map(message_of, changes.messages))

        def arrive() -> None:
            then()
            live.arrive(arriving)

        await self.store.write(changes, arrive, undo, light=light)

    def remember(self, seq: int, content: Content) -> None:
        """A content that will soon be asked for."""
        self._cache.put(seq, content, len(content.body))

    # --- going out -----------------------------------------------------------------------------------------

    async def receive(
        self, queue: Config, most: int, wait: float, visibility: float, attempt: str = "", light: bool = False
    ) -> list[Delivery]:
        """Up to `most` messages, waiting up to `wait` seconds for the first, of the platform's clock or of the
        machine's, whichever are over first. Raises QueueError, StoreError.

        `light`, here and below: the asker is this server, which ends with what it has received, so that a power cut may
        leave messages as they were before (`store.database.Database.run`).
        """
        deadline, until = self.clock.monotonic() + wait, asyncio.get_running_loop().time() + wait
        while True:
            live = await self.live(queue)
            found = await self._receive(queue, live, most, visibility, attempt, light)
            if found or self.clock.monotonic() >= deadline or not await live.wait(deadline, until):
                self.tally.received(queue, len(found))
                return found

    async def _receive(
        self, queue: Config, live: Live, most: int, visibility: float, attempt: str, light: bool
    ) -> list[Delivery]:
        dead = self._find(queue.dead_letters) if queue.dead_letters else None
        dead_live = await self.live(dead) if dead is not None else None
        while True:
            await self.refill(live)
            now = self.clock.wall()
            found = live.core.receive(now, most, visibility, queue.max_receives if dead else None, attempt)
            self._forget_expired(live)
            live.settle()  # the others wait for what was just taken, too
            if found.full and not found.taken and not queue.fifo:
                raise errors.too_many_in_flight()
            held = [(one, Receipt(live.uid, one.seq, one.receives), one.sent, one.first) for one in found.taken]
            try:
                said = await self.contents([one.seq for one in (*found.taken, *found.exhausted)])
            except BaseException:
                live.core.undo(found.taken)
                live.core.put_back(found.exhausted)
                live.settle()
                raise
            if found.exhausted:
                assert dead is not None and dead_live is not None
                moved = [(one, _dead_letter(queue, one, said[one.seq])) for one in found.exhausted if one.seq in said]
                sent = [now if queue.fifo else one.sent for one, _ in moved]
                try:
                    await self.move(live, dead, dead_live, moved, sent)
                except BaseException:
                    live.core.undo(found.taken)
                    live.settle()
                    raise
            if found.taken:
                await self._hold(live, found.taken, light)
                return [
                    Delivery(said[one.seq], receipts.write(receipt), receipt.receives, sent, first)
                    for one, receipt, sent, first in held
                    if one.seq in said
                ]
            if not found.exhausted:
                return []

    async def _hold(self, live: Live, taken: Sequence[Message], light: bool) -> None:
        """Write a receive down."""
        rows = [ReceiveRow(live.uid, one.seq, one.visible, one.receives, one.first, one.taken) for one in taken]

        def undo() -> None:
            live.core.undo(taken)
            live.settle()

        await self.store.write(Changes(receives=rows), undo=undo, light=light)

    async def contents(self, seqs: Sequence[int]) -> dict[int, Content]:
        """What messages say, by seq; those that are gone are left out. Raises StoreError."""
        found = {seq: content for seq in seqs if (content := self._cache.get(seq)) is not None}
        absent = [seq for seq in seqs if seq not in found]
        if absent:
            for seq, stored in (await self.store.contents(absent)).items():
                found[seq] = contents.decode(stored)
        return found

    # --- what becomes of them ------------------------------------------------------------------------------

    async def delete(self, queue: Config, handles: Sequence[str], light: bool = False) -> list[Exception | None]:
        """Delete the messages of receipts; answers what was wrong with each, as QueueErrors. Raises StoreError."""
        live = await self.live(queue)
        live.core.advance(self.clock.wall())
        outcomes: list[Exception | None] = []
        gone: list[int] = []
        for handle in handles:
            receipt = receipts.read(handle)
            if receipt is None or receipt.uid != queue.uid:
                outcomes.append(errors.bad_receipt(handle))
                continue
            standing = live.core.standing(receipt.seq, receipt.receives)
            late = queue.fifo and standing in {Standing.STALE, Standing.VISIBLE}
            outcomes.append(errors.expired_receipt(handle) if late else None)
            if not late and standing in {Standing.HELD, Standing.VISIBLE}:
                gone.append(receipt.seq)
        if gone:
            await self.drop(live, gone, light)
        self.tally.deleted(queue, len(gone))
        return outcomes

    async def drop(self, live: Live, seqs: Sequence[int], light: bool = False) -> None:
        """Messages go, on disk and then in memory. Raises StoreError."""

        def then() -> None:
            for seq in seqs:
                live.core.remove(seq)
                self._cache.drop(seq)
            live.settle()

        await self.store.write(Changes(deletes=[RowPlace(live.uid, seq) for seq in seqs]), then, light=light)

    async def change_visibility(self, queue: Config, changes: Sequence[tuple[str, int]]) -> list[Exception | None]:
        """Change when messages turn visible (handle, seconds from now); answers what was wrong with each.

        Raises StoreError.
        """
        live = await self.live(queue)
        now = self.clock.wall()
        live.core.advance(now)
        outcomes: list[Exception | None] = []
        rows: list[ReceiveRow] = []
        for handle, seconds in changes:
            receipt = receipts.read(handle)
            wrong = _unchangeable(queue, live, receipt, handle, seconds, now)
            outcomes.append(wrong)
            if wrong is None:
                assert receipt is not None
                message = live.core.message(receipt.seq)
                assert message is not None
                live.core.change_visibility(receipt.seq, now, seconds)
                rows.append(
                    ReceiveRow(live.uid, receipt.seq, now + seconds, message.receives, message.first, message.taken)
                )
        if rows:
            await self.store.write(Changes(receives=rows), live.settle, live.settle)
        return outcomes

    async def move(
        self,
        source: Live,
        target: Config,
        target_live: Live,
        moving: Sequence[tuple[Message, Content]],
        sent: Sequence[float],
    ) -> None:
        """Messages that are held (`exhausted` or lifted) go to another queue with new contents and times of sending.

        When that can't be written they stay where they are. Raises StoreError.
        """
        rows, said = [], []
        for (message, content), when in zip(moving, sent, strict=True):
            seq = self.next_seq()
            sequence = sequence_number(seq) if target.fifo else ""
            rows.append(MessageRow(target.uid, seq, when, 0.0, 0, 0.0, 0.0, message.group))
            said.append((seq, content._replace(sequence=sequence)))
        arriving = [Message(row.seq, row.sent, row.message_group) for row in rows]
        leaving = [message for message, _ in moving]

        def then() -> None:
            for message in leaving:
                source.core.remove(message.seq)
                self._cache.drop(message.seq)
            source.settle()
            target_live.arrive(arriving)

        def undo() -> None:
            source.core.put_back(leaving)
            source.settle()

        changes = Changes(
            messages=rows,
            contents=[(seq, content.encode()) for seq, content in said],
            deletes=[RowPlace(source.uid, message.seq) for message in leaving],
        )
        await self.store.write(changes, then, undo)

    async def purge(self, queue: Config) -> None:
        """Everything that was sent until now goes. Raises StoreError."""
        live = await self.live(queue)
        last = self._seq

        def then() -> None:
            later = [message for message in live.core.messages() if message.seq > last]
            live.core.purge()
            live.arrive(later)

        await self.store.purge(queue.uid, last, then=then)
        if not queue.fifo:
            await self._loader.count_behind(live, last)

    async def forget(self, queue: Config) -> None:
        """A queue was deleted: its messages go, and nobody waits for them. Raises StoreError."""
        live = self._live.pop(queue.uid, None)
        if live is not None:
            live.close()
        await self.store.purge(queue.uid, 1 << 62, Changes(forgets=[(queue.uid, float("inf"))]))

    def _forget_expired(self, live: Live) -> None:
        """Delete from disk what went of old age; nobody waits for that."""
        gone = live.core.expired()
        if gone:
            for seq in gone:
                self._cache.drop(seq)
            self.store.write_soon(Changes(deletes=[RowPlace(live.uid, seq) for seq in gone]))


def sequence_number(seq: int) -> str:
    """The sequence number of a message in a FIFO queue."""
    return str(FIRST_SEQUENCE + seq)


def _dead_letter(queue: Config, message: Message, content: Content) -> Content:
    """What a message says in the dead-letter queue: the same, its counts go on.

    The deduplication id of a FIFO queue's message becomes the message's id. Its retention starts anew, that of a
    standard queue's message goes on. Sources: SQS developer guide, setting-up-dead-letter-queue-retention and
    sqs-configure-dead-letter-queue-redrive; an answer of AWS's in https://github.com/softwaremill/elasticmq/issues/921
    (counts and times go on).
    """
    return content._replace(
        source=queue.arn,
        earlier=content.earlier + message.receives,
        first=content.first or message.first,
        sent=content.sent or message.sent,
        deduplication=content.id if queue.fifo else "",
    )


def _unchangeable(
    queue: Config, live: Live, receipt: Receipt | None, handle: str, seconds: int, now: float
) -> Exception | None:
    if receipt is None or receipt.uid != queue.uid:
        return errors.bad_receipt(handle)
    standing = live.core.standing(receipt.seq, receipt.receives)
    if standing in {Standing.GONE, Standing.STALE}:
        return errors.not_changeable(handle)
    if standing is Standing.VISIBLE:
        return errors.not_in_flight()
    message = live.core.message(receipt.seq)
    assert message is not None
    return errors.too_long_invisible(seconds) if now + seconds > message.taken + 43_200 else None
