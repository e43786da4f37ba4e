"""Keeps log events on disk, off the path of an invocation.

`append` puts an event into a list. A moment later the list goes to one thread, which encodes and writes it; that
thread also does all reading, in order, so that whatever was appended before a question is in its answer. A crash of
the machine or `kill -9` loses at most the events of the last `FLUSH_SECONDS` (and what a full disk kept back).
"""

import asyncio
import functools
import logging
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from lambent.model.finding import Finding
from lambent.model.scope import Scope
from lambent.observe import logbound, logread
from lambent.observe.logbound import GROUP_BYTES
from lambent.observe.logfile import Event
from lambent.observe.logindex import Group, Index, Stream
from lambent.observe.logread import FilterPage, Page, Span, StreamRange
from lambent.observe.logwriter import Batch, Writer

log = logging.getLogger(__name__)

FLUSH_SECONDS = 0.1
BUFFER_BYTES = 8 << 20
"""More than this is not left waiting for the moment to come."""
IN_FLIGHT_BYTES = 64 << 20
"""More than this, handed to the thread and not written yet, is `behind`."""
EVENT_BYTES = 200
"""What an event that waits takes beside its message."""
SWEEP_SECONDS = 3600.0
LOOKS = 16
"""How often it is looked at what the groups hold while one fills."""
DAY_MS = 86_400_000

T = TypeVar("T")
Hear = Callable[[Scope, str, str, Sequence[tuple[int, str]]], None]
"""Hears of new events of a stream, as (ms since 1970, message): the scope, the group, the stream, the events."""


class LogStream:
    """Where one environment's events go. The stream and its group appear with the first event, again if deleted.

    `waiting` are events (ms since 1970, message) that no batch has yet.
    """

    __slots__ = ("group", "name", "record", "scope", "waiting")

    def __init__(self, scope: Scope, group: str, name: str) -> None:
        self.scope = scope
        self.group = group
        self.name = name
        self.record: Stream | None = None
        self.waiting: list[tuple[int, str]] = []


class LogStore:
    """The log groups, streams and events of all scopes.

    `clock` answers seconds since 1970. All methods are called on one event loop; those that are not async neither
    wait nor fail; those that change groups or streams also raise OSError when the disk takes nothing. Names are
    not checked here. A group keeps `most` bytes; `buffer` are handed over at once, and more than `in_flight` are too
    much for the disk.
    """

    def __init__(
        self, folder: Path, clock: Callable[[], float] = time.time, most: int = GROUP_BYTES,
        buffer: int = BUFFER_BYTES, in_flight: int = IN_FLIGHT_BYTES,
    ) -> None:  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._index = Index(folder)
        self._writer = Writer(self._index.journal)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="lambent-logs")
        self._last: Future[Any] | None = None
        """What the thread was given last."""
        self._pending: list[LogStream] = []
        """In which something waits."""
        self._buffer = self._room = buffer
        self._most_in_flight = in_flight
        self._timer: asyncio.TimerHandle | None = None
        self._in_flight: list[tuple[Future[None], int]] = []
        self._held = 0
        self._swept = 0.0
        self.hears: list[Hear] = []
        """Who hears of new events, some moments after they came; on the event loop, once for many. Must not raise."""
        self._most = most
        self._unbounded = most
        """Handed over since it was looked at last what the groups hold; at the start that is not known."""
        self._trimmed: set[str] = set()
        self.report: Callable[[Finding], None] = lambda finding: None
        """Told once of each group of which old events were dropped for want of room."""

    @classmethod
    async def open(
        cls, folder: Path, clock: Callable[[], float] = time.time, most: int = GROUP_BYTES, **bounds: int
    ) -> "LogStore":
        """The store under `folder`, which is made if it is missing. Raises OSError."""
        return await asyncio.to_thread(cls, folder, clock, most, **bounds)

    # --- writing

    def stream(self, scope: Scope, group: str, name: str) -> LogStream:
        """A handle to append with."""
        return LogStream(scope, group, name)

    def behind(self) -> bool:
        """Whether so much waits for the disk that whoever has a choice should append nothing."""
        if self._held > self._most_in_flight:
            self._settle_in_flight()
        return self._held > self._most_in_flight

    def append(self, stream: LogStream, epoch_ms: int, message: str) -> None:
        """Add an event. One that is earlier than the stream's last is kept as if it were as late as that."""
        if not stream.waiting:
            self._pending.append(stream)
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._hand_over)
        stream.waiting.append((epoch_ms, message))
        self._room -= len(message) + EVENT_BYTES
        if self._room < 0:
            self._hand_over()

    async def flush(self) -> None:
        """Return when everything appended and changed so far is in the file system."""
        self._hand_over()
        if self._last is None or self._last.done():
            await asyncio.sleep(0)  # what its thread has told the event loop comes first
        else:
            await self._run(lambda: None)

    async def _settle(self) -> None:
        """Flush a change of groups or streams. Raises OSError when it is not in the file system."""
        await self.flush()
        if self._writer.error is not None:
            raise self._writer.error

    async def close(self) -> None:
        """Flush, and end the thread."""
        await self.flush()
        await asyncio.get_running_loop().run_in_executor(None, self._thread.shutdown)

    # --- groups and streams

    def group(self, scope: Scope, name: str) -> Group:
        """Raises NoSuchGroup."""
        self._hand_over()
        return self._index.group(scope, name)

    def has_group(self, scope: Scope, name: str) -> bool:
        """Whether there is such a group."""
        return self._index.has(scope, name)

    def groups(self, scope: Scope) -> list[Group]:
        """Those of a scope, by name."""
        self._hand_over()
        return self._index.groups(scope)

    async def create_group(self, scope: Scope, name: str, tags: dict[str, str] | None = None) -> None:
        """Raises GroupExists."""
        self._hand_over()
        self._index.create_group(scope, name, self._now(), dict(tags or {}))
        await self._settle()

    async def create_stream(self, scope: Scope, group: str, name: str) -> None:
        """Raises NoSuchGroup, StreamExists."""
        self._hand_over()
        self._index.create_stream(scope, group, name, self._now())
        await self._settle()

    async def set_retention(self, scope: Scope, group: str, days: int | None) -> None:
        """Keep events `days` days; None for ever. Raises NoSuchGroup."""
        self._hand_over()
        self._index.set_retention(scope, group, days)
        self._swept = 0.0
        await self._settle()

    async def set_tags(self, scope: Scope, group: str, tags: dict[str, str]) -> None:
        """Replace all tags of a group. Raises NoSuchGroup."""
        self._hand_over()
        self._index.set_tags(scope, group, tags)
        await self._settle()

    async def delete_group(self, scope: Scope, name: str) -> None:
        """The group, its streams and their events. Raises NoSuchGroup."""
        self._hand_over()
        group = self._index.delete_group(scope, name)
        await self._settle()
        await self._run(lambda: shutil.rmtree(group.folder, ignore_errors=True))

    async def delete_stream(self, scope: Scope, group: str, name: str) -> None:
        """A stream and its events. Raises NoSuchGroup, NoSuchStream."""
        self._hand_over()
        stream = self._index.delete_stream(scope, group, name)
        await self._settle()
        await self._run(stream.file.truncate)

    async def stored_bytes(self, groups: list[Group]) -> list[int]:
        """Bytes on disk of each group."""
        self._hand_over()
        return await self._run(lambda: [sum(s.file.size for s in list(g.streams.values())) for g in groups])

    async def streams(self, scope: Scope, group: str, prefix: str = "") -> list[Stream]:
        """A group's streams by name, their `file` figures loaded. Raises NoSuchGroup."""
        self._hand_over()
        held = self._index.group(scope, group).streams
        found = [held[name] for name in sorted(held) if name.startswith(prefix)]
        await self._run(lambda: [stream.file.size for stream in found])
        return found

    # --- events

    async def put_events(self, scope: Scope, group: str, stream: str, events: list[tuple[int, str]]) -> None:
        """Add sorted events to an existing stream. Raises NoSuchGroup, NoSuchStream, OSError."""
        self._hand_over()
        record = self._index.stream(scope, group, stream)
        now = self._now()
        if events:
            await self._run(lambda: record.file.insert(events, now))
            self._spread(scope, group, stream, events)

    async def get_events(self, scope: Scope, group: str, stream: str, span: Span) -> Page:
        """A page of one stream. Raises NoSuchGroup, NoSuchStream, logread.BadToken."""
        self._hand_over()
        record = self._index.stream(scope, group, stream)
        span = span.since(self._kept_since(self._index.group(scope, group)))
        return await self._run(lambda: logread.get_events(record.file, span))

    async def filter_events(
        self, scope: Scope, group: str, wanted: Callable[[str], bool], matches: logread.Match, span: Span
    ) -> FilterPage:
        """A page of the events of all streams whose name is `wanted` and whose message `matches`, by time.

        Raises NoSuchGroup, logread.BadToken.
        """
        self._hand_over()
        held = self._index.group(scope, group)
        streams = [stream for name, stream in held.streams.items() if wanted(name)]
        span = span.since(self._kept_since(held))
        return await self._run(lambda: logread.filter_events(streams, matches, span))

    async def ranges(self, scope: Scope, group: str, start: int, end: int) -> list[StreamRange]:
        """What a query reads of a group's streams for events from `start` until before `end` (ms since 1970).

        Raises NoSuchGroup.
        """
        self._hand_over()
        held = self._index.group(scope, group)
        span = Span(start, end).since(self._kept_since(held))
        return await self._run(lambda: logread.ranges(held, span))

    async def event(self, scope: Scope, group: str, stream: str, offset: int) -> Event | None:
        """What stands at an offset of a stream. Raises NoSuchGroup, NoSuchStream."""
        self._hand_over()
        file = self._index.stream(scope, group, stream).file
        return await self._run(lambda: next(file.forward(max(offset, 0)), None))

    # --- the thread

    def later(self, job: Callable[[], None]) -> None:
        """Do something in the store's thread, behind what was handed to it; it must not raise."""
        self._in_turn(job)

    def _now(self) -> int:
        return int(self._clock() * 1000)

    def _kept_since(self, group: Group) -> int:
        return self._now() - group.retention * DAY_MS if group.retention else 0

    async def _run(self, job: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._in_turn(job))

    def _in_turn(self, job: Callable[[], T]) -> "Future[T]":
        """Done in the thread, behind all that was given to it."""
        self._last = done = self._thread.submit(job)
        return done

    def _hand_over(self) -> None:
        """Give the thread what waits: changes of the index, then events by stream."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        pending, self._pending = self._pending, []
        size, self._room = self._buffer - self._room, self._buffer
        batch = Batch(self._now(), {})
        handles: dict[Stream, LogStream] = {}
        for handle in pending:
            waiting, handle.waiting = handle.waiting, []
            record = self._record(handle, min(batch.now, waiting[0][0]))
            handles.setdefault(record, handle)
            batch.events.setdefault(record, []).extend(waiting)
        batch.journal = b"".join(self._index.unwritten)
        self._index.unwritten.clear()
        if batch.journal or batch.events:
            self._submit(batch, size)
        if self.hears:
            for record, events in batch.events.items():
                self._spread(handles[record].scope, handles[record].group, record.name, events)
        self._sweep()
        self._unbounded += size
        if self._unbounded > self._most / LOOKS:
            self._unbounded = 0
            self._bound()

    def _spread(self, scope: Scope, group: str, stream: str, events: Sequence[tuple[int, str]]) -> None:
        for hear in self.hears:
            hear(scope, group, stream, events)

    def _record(self, handle: LogStream, created: int) -> Stream:
        record = handle.record
        if record is None or record.deleted:
            record = handle.record = self._index.ensure_stream(handle.scope, handle.group, handle.name, created)
        return record

    def _submit(self, batch: Batch, size: int) -> None:
        self._in_flight.append((self._in_turn(functools.partial(self._writer.write, batch)), size))
        self._settle_in_flight()

    def _settle_in_flight(self) -> None:
        self._in_flight = [(future, held) for future, held in self._in_flight if not future.done()]
        self._held = sum(held for _, held in self._in_flight)

    def _bound(self) -> None:
        """Drop the oldest events of the groups that have outgrown their room, and tell it once of each."""
        loop, groups = asyncio.get_running_loop(), self._index.groups()
        bounding = asyncio.wrap_future(self._in_turn(lambda: logbound.trim(groups, self._most)), loop=loop)
        bounding.add_done_callback(lambda done: self._tell(done.result()))

    def _tell(self, trimmed: list[Group]) -> None:
        for group in trimmed:
            arn = f"arn:aws:logs:{group.scope.region}:{group.scope.account}:log-group:{group.name}"
            if arn in self._trimmed:
                continue
            self._trimmed.add(arn)
            said = f"the log group has outgrown {self._most >> 20} MB, which are kept: its oldest events are dropped"
            log.warning("%s: %s", arn, said)
            hint = "log less, or set log_mb; AWS would keep, and charge for, all of it"
            self.report(Finding("logs-trimmed", arn, said, hint))

    def _sweep(self) -> None:
        """Now and then, free the files of streams whose last event has expired."""
        if self._clock() - self._swept < SWEEP_SECONDS:
            return
        self._swept = self._clock()
        for group in self._index.groups():
            if group.retention:
                streams, since = list(group.streams.values()), self._kept_since(group)
                self._in_turn(functools.partial(logread.sweep, streams, since))
