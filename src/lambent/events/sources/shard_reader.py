"""Reads one shard of a stream for one mapping: carries out what `engine.shard` decides."""

import asyncio
import logging
import math
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson

from lambent.clock import Clock, Handle
from lambent.engine import batch_response, event_filter
from lambent.engine.failure_record import LastRun, Origin
from lambent.engine.shard import Discarded, Record, Rules, Shard, Work
from lambent.events.again import SOURCE_PAUSES, SourcePauses
from lambent.events.sources.failures import Failures
from lambent.events.sources.observed import Observed
from lambent.events.sources.stream import CursorExpired, Position, Stream, StreamGone, StreamRecord
from lambent.events.sources.target import Missing, NotAllowed, Ran, Target, Unavailable
from lambent.events.sources.windows import Windows
from lambent.model.event_source import EventSource
from lambent.store.checkpoints import Checkpoint, Checkpoints

log = logging.getLogger(__name__)

READ = 1_000
"""Records of one read."""
AHEAD = 10_000
"""Records that are held at most, beside a batch and a read."""
AHEAD_BYTES = 16 * 1024 * 1024
"""The same in bytes."""


@dataclass(frozen=True, slots=True)
class Means:
    """What all readers share."""

    clock: Clock
    target: Target
    checkpoints: Checkpoints
    failures: Failures
    pauses: SourcePauses = SOURCE_PAUSES


class ShardReader:
    """One shard. `ended` is called when the shard is closed and all of it is done."""

    def __init__(
        self,
        source: EventSource,
        function_arn: str,
        stream: Stream,
        means: Means,
        observed: Observed,
        checkpoint: Checkpoint,
        position: Position,
        ended: Callable[[str], None],
    ) -> None:
        self.shard = checkpoint.shard
        self._source = source
        self._stream = stream
        self._means = means
        self._clock = means.clock
        self._observed = observed
        self._since = checkpoint.since
        self._position = position
        self._ended = ended
        self._origin = Origin(function_arn, source.source, self.shard, stream.batch_info)
        self._filter = event_filter.read(source.filters, stream.filter_key)
        self._windows = Windows(source.tumbling_window, checkpoint.windows)
        if not source.tumbling_window:
            self._windows.keep(())  # there were windows before an update
        self._engine = Shard(rules_of(source), checkpoint.sequence, self._windows.open)
        self._written = checkpoint
        self._read_to = checkpoint.sequence
        self._cursor: str | None = None
        self._closed = False
        self._empty_at: int | None = None
        self._untold: deque[tuple[Discarded, LastRun]] = deque()
        self._timer: Handle | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self._room = asyncio.Event()
        self._changed = asyncio.Event()

    @property
    def held(self) -> int:
        """Records that were read and are not done."""
        return self._engine.held

    @property
    def in_flight(self) -> int:
        """Batches that run."""
        return self._engine.running

    @property
    def caught_up(self) -> bool:
        """Nothing has been written since a read found nothing, and everything read is done. A closed shard is never:
        when it is done, its children come next (`ended`)."""
        at_end = not self._closed and self._empty_at == self._stream.mark()
        return at_end and not self._engine.held and not self._running

    async def seek(self) -> None:
        """Fix where reading begins. Raises StreamGone."""
        after = self._read_to
        position = Position("AFTER_SEQUENCE_NUMBER", after) if after else self._position
        try:
            self._cursor = await self._stream.seek(self.shard, position)
        except CursorExpired:
            self._cursor = await self._stream.seek(self.shard, Position("TRIM_HORIZON"))

    async def run(self) -> None:
        """Until the shard has ended, or this is cancelled. Raises StreamGone."""
        reading, keeping = asyncio.create_task(self._read()), asyncio.create_task(self._keep())
        for task in (reading, keeping):
            task.add_done_callback(lambda _: self._woken.set())
        try:
            while not (self._closed and not self._engine.held and not self._running):
                self._start_due()
                self._room.set()
                self._changed.set()
                await self._pause(reading, keeping)
        finally:
            reading.cancel()
            keeping.cancel()
            await asyncio.wait([reading, keeping])
        await self._tell_discarded()
        await self._write(ended=True)
        self._ended(self.shard)

    async def stop(self) -> None:
        """What runs ends first; what was done is written."""
        if self._running:
            await asyncio.wait(list(self._running))
        await self._tell_discarded()
        await self._write()

    def cancel(self) -> None:
        """The server ends."""
        for task in self._running:
            task.cancel()

    # --- reading

    async def _read(self) -> None:
        """Page by page, as long as there is room."""
        while not self._closed:
            while self._is_full():
                self._room.clear()
                await self._room.wait()
            mark = self._stream.mark()
            try:
                found = await self._page()
            except (StreamGone, asyncio.CancelledError):
                raise
            except CursorExpired:
                self._cursor = None
                continue
            except NotAllowed as error:
                self._observed.unreadable(str(error))
                await asyncio.sleep(self._means.pauses.patience)
                continue
            except Exception:
                log.exception("shard %s of %s can't be read now", self.shard, self._source.source)
                await asyncio.sleep(self._means.pauses.patience)
                continue
            if found:
                self._woken.set()
            elif not self._closed:
                self._empty_at = mark
                await self._stream.wait(mark)

    def _is_full(self) -> bool:
        """Whether enough is held. What one batch may take is always let in."""
        held, size = self._engine.held, self._source.batch_size
        return held > AHEAD + size or (held > size and self._engine.held_bytes > AHEAD_BYTES)

    async def _page(self) -> bool:
        await self._means.target.check_rights(self._source)
        if self._cursor is None:
            await self.seek()
        assert self._cursor is not None
        page = await self._stream.read(self._cursor, READ)
        self._cursor = page.cursor
        if page.records:
            self._engine.arrive(self._records(page.records), self._clock.wall())
            self._read_to = page.records[-1].sequence
        if page.cursor is None:
            self._closed = True
            self._woken.set()
        return bool(page.records)

    def _records(self, found: Sequence[StreamRecord]) -> list[Record]:
        records = []
        for one in found:
            passes = one.arrived >= self._since and self._filter.matches(self._stream.filterable(one.event))
            encoded = orjson.dumps(one.event) if passes else b""
            records.append(Record(one.sequence, one.key, one.arrived, len(encoded), encoded, passes))
        filtered = sum(not one.passes for one in records)
        self._observed.polled(len(records), filtered)
        return records

    # --- running

    def _start_due(self) -> None:
        works = self._engine.take(self._clock.wall())
        self._collect(LastRun(str(uuid.uuid4())))
        for work in works:
            self._clock.began()
            task = asyncio.create_task(self._invoke(work))
            self._running.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._clock.ended()
        self._woken.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a batch of %s failed for a reason of ours", self._source.arn, exc_info=error)

    async def _invoke(self, work: Work) -> None:
        payload = self._event(work)
        try:
            ran = await self._means.target.once(self._source, payload)
        except Unavailable as error:
            self._observed.put_off(str(error))
            await self._postpone(work)
        except Missing:
            self._observed.no_function()
            await self._postpone(work)
        else:
            self._settle(work, ran)
            self._collect(LastRun(ran.request_id, ran.version, ran.outcome))

    async def _postpone(self, work: Work) -> None:
        """Again in a while, in real time: a clock moved by hand waits for no function that can't be run."""
        self._clock.ended()
        try:
            await asyncio.sleep(self._means.pauses.patience)
        finally:
            self._clock.began()
        self._engine.postponed(work, self._clock.wall())

    def _collect(self, last: LastRun) -> None:
        """What the engine has just discarded, with the run that did it."""
        self._untold.extend((gone, last) for gone in self._engine.discarded)
        self._engine.discarded.clear()

    def _settle(self, work: Work, ran: Ran) -> None:
        now = self._clock.wall()
        if work.records:
            self._observed.aged((now - work.records[-1].arrived) * 1000)
        lowest = self._lowest(work, ran)
        if lowest is None and ran.outcome.error is None:
            self._observed.ran(len(work.records), 0)
            self._engine.succeeded(work)
            self._keep_state(work, ran.outcome.payload)
        else:
            self._observed.ran(len(work.records), len(work.records))
            self._engine.failed(work, now, lowest or None)
        self._windows.keep(self._engine.windows)

    def _keep_state(self, work: Work, payload: bytes) -> None:
        if work.window is not None and not self._windows.answered(work.window, work.final, payload):
            self._observed.large_state()
            self._engine.end_early(work.window)

    def _lowest(self, work: Work, ran: Ran) -> str | None:
        """The first record that failed; "" when all did; None when none did or nobody asked."""
        if ran.outcome.error is not None or not self._source.reports_failures:
            if ran.outcome.error is None and batch_response.reports(ran.outcome.payload):
                self._observed.unheard()
            return None
        verdict = batch_response.read(ran.outcome.payload, [one.sequence for one in work.records])
        if verdict.malformed:
            self._observed.malformed(ran.request_id)
            return ""
        return verdict.failed[0] if verdict.failed else None

    def _event(self, work: Work) -> bytes:
        body = _records(work.records)
        if work.window is None:
            return body + b"}"
        members = self._windows.members(work.window, work.final, work.early, self.shard, self._source.source)
        return body + b"," + orjson.dumps(members)[1:]

    # --- what lasts

    async def _keep(self) -> None:
        """Beside the batches: what was discarded is told, then the checkpoint follows. Raises StoreError."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._tell_discarded()
            await self._write()

    async def _tell_discarded(self) -> None:
        """Before the checkpoint moves over it."""
        while self._untold:
            gone, last = self._untold[0]
            payload = _records(gone.records) + b"}"
            self._clock.began()
            try:
                await self._means.failures.tell(self._source, self._origin, gone, last, payload, self._observed)
            finally:
                self._clock.ended()
            self._untold.popleft()

    async def _write(self, ended: bool = False) -> None:
        """The checkpoint, when it has moved. Raises StoreError."""
        if self._untold:
            return  # discarded meanwhile: next time
        checkpoint = Checkpoint(self.shard, self._engine.checkpoint, self._since, ended, self._windows.dump())
        if checkpoint != self._written:
            await self._means.checkpoints.write(self._source.uuid, checkpoint)
            self._written = checkpoint

    async def _pause(self, reading: "asyncio.Task[None]", keeping: "asyncio.Task[None]") -> None:
        """Until something has changed or falls due; a task that failed says why."""
        if reading.done() and not self._closed:
            reading.result()
        if keeping.done():
            keeping.result()
        due = self._engine.due()
        if due < math.inf:
            delay = max(due - self._clock.wall(), 0.0)
            self._timer = self._clock.call_at(self._clock.monotonic() + delay, self._woken.set)
        await self._woken.wait()
        self._woken.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def rules_of(source: EventSource) -> Rules:
    """What the engine has to know of a mapping."""
    return Rules(
        source.batch_size,
        source.window,
        source.parallelization,
        source.maximum_age,
        source.maximum_retries,
        source.bisects,
        source.tumbling_window,
    )


def _records(records: Sequence[Record]) -> bytes:
    """An event without its end."""
    return b'{"Records":[' + b",".join(one.encoded for one in records) + b"]"
