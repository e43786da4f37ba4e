"""Reads one queue for one mapping: gathers batches, runs them, deletes what was handled.

A message is deleted when its batch was handled, or when no filter lets it pass; everything else turns visible again
by the queue's own timeout, and is counted and dead-lettered by the queue. While the function is throttled its batch
is tried until the first of its messages would turn visible; while there is no function nothing is taken.

In a FIFO queue what follows a failed message of its group in a batch counts as failed with it, to keep their order.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html,
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html,
https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html ("messages that don't match are deleted").
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lambent.clock import Clock
from lambent.engine import batch_response, event_filter, poller_scaling
from lambent.engine.batching import Batch
from lambent.events.again import SOURCE_PAUSES, SourcePauses
from lambent.events.sources import queue_records
from lambent.events.sources.observed import Observed
from lambent.events.sources.target import Missing, NotAllowed, Ran, Target, Unavailable
from lambent.model.event_source import EventSource
from lambent.queues.access import may_receive
from lambent.queues.errors import QueueError
from lambent.queues.messages import Delivery
from lambent.queues.queues import Queues

log = logging.getLogger(__name__)

LONG_POLL_SECONDS = 20.0
WAIT_SECONDS = (0.05, 1.0)
"""Real seconds between tries of a function that can't be run: the first, doubled every time, and the longest."""
GATHERED = 100
"""Messages that are taken at once."""


@dataclass(frozen=True, slots=True)
class _Message:
    """A message that was taken, as its batch has it."""

    delivery: Delivery
    encoded: bytes
    deadline: float
    """When it turns visible again; wall-clock seconds."""

    @property
    def id(self) -> str:
        return self.delivery.content.id


class QueuePoller:
    """One mapping of a queue, from enabled to disabled."""

    def __init__(
        self,
        source: EventSource,
        queues: Queues,
        clock: Clock,
        target: Target,
        observed: Observed,
        pauses: SourcePauses = SOURCE_PAUSES,
    ) -> None:
        self.source = source
        self._pauses = pauses
        self._queues = queues
        self._clock = clock
        self._target = target
        self._observed = observed
        self._fifo = source.source.endswith(".fifo")
        self._filter = event_filter.read(source.filters, "body")
        self._scaling = poller_scaling.begin(clock.monotonic(), source.maximum_concurrency, source.pollers)
        self._waiting: deque[_Message] = deque()
        """Taken, and in no batch yet."""
        self._batch = self._begin()
        self._running: set[asyncio.Task[None]] = set()
        self._free = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._waits = False
        """Nothing is being taken: the task may be ended at once."""

    # --- its life

    async def start(self) -> None:
        """Begin to poll."""
        self._task = asyncio.create_task(self._live(), name=f"poller of {self.source.arn}")

    async def stop(self) -> None:
        """Take no more messages, and come back when the batches that run have ended. What was taken and does not run
        is visible again at once."""
        self._stopping = True
        if self._task is not None:
            if self._waits:
                self._task.cancel()
            await asyncio.wait([self._task])
        held = [*self._batch.records, *self._waiting]
        self._batch = self._begin()
        self._waiting.clear()
        if held:
            await self._release(held)
        if self._running:
            await asyncio.wait(list(self._running))

    def cancel(self) -> None:
        """The server ends: what runs is given up; its messages turn visible by themselves."""
        for task in (self._task, *self._running):
            if task is not None:
                task.cancel()

    def document(self) -> dict[str, Any]:
        """What is to be said of it."""
        behind = self._queues.waiting(self.source.source) + len(self._waiting) + len(self._batch.records)
        return {**self._observed.document(), "InFlight": len(self._running), "Behind": behind}

    @contextlib.contextmanager
    def _waiting_for(self) -> Iterator[None]:
        """Nothing is taken meanwhile, so that `stop` may end it."""
        if self._stopping:
            raise asyncio.CancelledError
        self._waits = True
        try:
            yield
        finally:
            self._waits = False

    async def _live(self) -> None:
        while not self._stopping:
            try:
                await self._room()
                self._run(await self._gather())
                continue
            except QueueError as error:
                self._observed.unreadable(error.code)
            except NotAllowed as error:
                self._observed.unreadable(str(error))
            except Missing:
                self._observed.no_function()
            except Exception:
                log.exception("the queue of %s can't be read now", self.source.arn)
            with self._waiting_for():
                await asyncio.sleep(self._pauses.again)

    async def _room(self) -> None:
        """Until one more batch may run. Raises Missing."""
        self._target.handling(self.source)
        self._scaling = poller_scaling.grow(self._scaling, self._clock.monotonic(), False)
        while len(self._running) >= self._scaling.places:
            self._free.clear()
            wake = self._clock.call_at(self._clock.monotonic() + 1 / poller_scaling.PER_SECOND, self._free.set)
            try:
                with self._waiting_for():
                    await self._free.wait()
            finally:
                wake.cancel()
            self._scaling = poller_scaling.grow(self._scaling, self._clock.monotonic(), True)

    # --- a batch

    async def _gather(self) -> list[_Message]:
        """The next batch: waits for its first message as long as need be, for the others as its window says."""
        batch = self._batch
        while not batch.records:
            if not self._waiting:
                await self._take(self._wanted(batch), LONG_POLL_SECONDS)
            self._fill(batch)
        while not self._waiting and not batch.closed(self._clock.wall()):
            if not await self._take(batch.room, batch.due - self._clock.wall()):
                break
            self._fill(batch)
        if self._waiting and batch.room:
            self._observed.full_by_bytes(len(batch.records), batch.size)
        self._batch = self._begin()
        return batch.records

    def _wanted(self, batch: Batch[_Message]) -> int:
        """How many messages may run now. Those of a group stay in one batch, so that a FIFO queue gives no more."""
        batches = 1 if self._fifo else self._scaling.places - len(self._running)
        return batch.size * max(batches, 1)

    def _begin(self) -> Batch[_Message]:
        return Batch(self.source.batch_size, self.source.window)

    def _fill(self, batch: Batch[_Message]) -> None:
        while self._waiting and batch.takes(len(self._waiting[0].encoded)):
            message = self._waiting.popleft()
            batch.add(message, len(message.encoded), self._clock.wall())

    async def _take(self, most: int, wait: float) -> bool:
        """Messages that pass the filter come to `_waiting`; whether any was there. Raises QueueError, NotAllowed."""
        until = self._clock.monotonic() + max(wait, 0.0)
        while not (found := await self._receive(min(most, GATHERED))):
            left = until - self._clock.monotonic()
            with self._waiting_for():
                if left <= 0 or not await self._queues.wait(self.source.source, left):
                    return False
        deadline = self._clock.wall() + self._queues.find(self.source.source).visibility
        passed, dropped = [], []
        for delivery in found:
            shown = queue_records.record(delivery, self.source.source, self.source.scope.region)
            if self._filter.matches(shown):
                passed.append(_Message(delivery, queue_records.encode(shown), deadline))
            else:
                dropped.append(delivery.handle)
        self._waiting.extend(passed)
        self._observed.polled(len(found), len(dropped))
        if dropped:
            await self._queues.delete(self.source.source, dropped)
        return True

    async def _receive(self, most: int) -> list[Delivery]:
        if self._stopping:
            raise asyncio.CancelledError
        await self._target.check_rights(self.source)
        self._check_access()
        self._clock.began()
        try:
            return await self._queues.receive(self.source.source, most)
        finally:
            self._clock.ended()

    def _check_access(self) -> None:
        """Another account's queue decides at every receive. Raises QueueError, Missing."""
        queue, account = self._queues.find(self.source.source), self.source.scope.account
        if queue.scope.account == account:
            return
        role = self._target.handling(self.source).function.role
        if not may_receive(queue.attributes.get("Policy", ""), account, role, queue.arn, self._clock.wall()):
            text = f"{role} is not authorized to perform: sqs:receivemessage on resource: {queue.arn}"
            raise QueueError("AccessDenied", text, status=403)

    def _run(self, batch: Sequence[_Message]) -> None:
        self._clock.began()
        task = asyncio.create_task(self._invoke(batch))
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._free.set()
        self._clock.ended()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a batch of %s failed for a reason of ours", self.source.arn, exc_info=error)

    async def _invoke(self, batch: Sequence[_Message]) -> None:
        try:
            batch = await self._without_loops(batch)
            if batch:
                await self._settle(batch, await self._try(batch))
        except Unavailable as error:
            self._observed.dropped_back(len(batch), str(error))
            if self._stopping:
                await self._release(batch)
        except Missing:
            self._observed.no_function()
            await self._release(batch)

    async def _without_loops(self, batch: Sequence[_Message]) -> Sequence[_Message]:
        """The messages that may run; the others are stopped. Raises Missing."""
        traced = [one for one in batch if one.delivery.content.trace]
        looping = [one for one in traced if self._target.is_loop(self.source, one.delivery.content.trace)]
        if looping:
            await self._stop_loop(looping)
        return [one for one in batch if one not in looping] if looping else batch

    async def _try(self, batch: Sequence[_Message]) -> Ran:
        """Try until it runs, the first message turns visible, or this stops. Raises Unavailable, Missing."""
        payload = queue_records.event([one.encoded for one in batch])
        deadline = min(one.deadline for one in batch)
        traces = [one.delivery.content.trace for one in batch if one.delivery.content.trace]
        wait, longest = WAIT_SECONDS
        while True:
            try:
                return await self._target.once(self.source, payload, traces)
            except Unavailable:
                if self._stopping or self._clock.wall() >= deadline:
                    raise
            self._clock.ended()  # a clock moved by hand waits for no function that can't be run
            try:
                await asyncio.sleep(wait)
            finally:
                self._clock.began()
            wait = min(wait * 2, longest)

    async def _settle(self, batch: Sequence[_Message], ran: Ran) -> None:
        """Delete what was handled."""
        failed = self._failed(batch, ran)
        if self._fifo:
            failed = _with_followers(batch, failed)
        self._observed.ran(len(batch), len(failed))
        handled = [one.delivery.handle for one in batch if one.id not in failed]
        if handled:
            wrong = [error for error in await self._queues.delete(self.source.source, handled) if error is not None]
            self._observed.late(len(wrong))
            self._observed.deleted(len(handled) - len(wrong))

    def _failed(self, batch: Sequence[_Message], ran: Ran) -> set[str]:
        """The messages that are not handled, and what that does to the scaling."""
        identifiers = [one.id for one in batch]
        if ran.outcome.error is not None:
            if not self.source.reports_failures:
                self._scaling = poller_scaling.failed(self._scaling)
            return set(identifiers)
        self._scaling = poller_scaling.succeeded(self._scaling)
        if not self.source.reports_failures:
            if batch_response.reports(ran.outcome.payload):
                self._observed.unheard()
            return set()
        verdict = batch_response.read(ran.outcome.payload, identifiers)
        if verdict.malformed:
            self._observed.malformed(ran.request_id)
        return set(verdict.failed)

    async def _stop_loop(self, batch: Sequence[_Message]) -> None:
        """The round too many: the messages go to the queue's dead-letter queue, or are dropped, as on AWS."""
        queue = self._queues.find(self.source.source)
        for one in batch:
            if queue.dead_letters:
                said = one.delivery.content
                await self._queues.send(
                    queue.dead_letters,
                    said.body,
                    said.attributes,
                    sender=said.sender,
                    group=said.group or None,
                    deduplication=said.deduplication or None,
                )
        await self._queues.delete(self.source.source, [one.delivery.handle for one in batch])
        self._observed.dropped(len(batch))

    async def _release(self, messages: Sequence[_Message]) -> None:
        """Messages that no batch has taken are visible again at once."""
        try:
            await self._queues.change_visibility(self.source.source, {one.delivery.handle: 0 for one in messages})
        except Exception:
            log.exception("messages of %s turn visible by their timeout", self.source.arn)


def _with_followers(batch: Sequence[_Message], failed: Collection[str]) -> set[str]:
    """The failed messages, and those behind one in its group."""
    groups: set[str] = set()
    found = set(failed)
    for one in batch if failed else ():
        group = one.delivery.content.group
        if group and (one.id in failed or group in groups):
            groups.add(group)
            found.add(one.id)
    return found
