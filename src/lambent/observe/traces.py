"""The traces of all accounts: what X-Ray keeps. Documents are taken in memory and written to a file a moment later.

Everything is called on one event loop; what reads documents and touches the file runs in one thread, in order, so that
what came before a question is in its answer. A crash loses at most what came in the last `FLUSH_SECONDS`; who needs to
know it on disk waits for `put`.
"""

import asyncio
import logging
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import orjson

from lambent.engine.traces import documents
from lambent.engine.traces.documents import Document, Unprocessed
from lambent.model.finding import Finding
from lambent.model.scope import Scope
from lambent.model.trace import Segment
from lambent.observe.errors import NotKept
from lambent.observe.tracefile import Found, Row, TraceFile

log = logging.getLogger(__name__)

FLUSH_SECONDS = 1.0
HELD_BYTES = 32 << 20
"""Of documents that wait to be written; further ones are dropped, and reported."""
SWEPT_EACH_BYTES = 16 << 20
"""After so many new ones it is seen whether the oldest have to go."""

T = TypeVar("T")
Read = tuple[Segment, Document]
"""A segment, and its document as `documents.read` has it."""
Make = Callable[[], Iterable[Segment]]
"""Makes documents, in the store's thread."""


class TracesBroken(Exception):
    """The file can't be read."""


class TraceStore:
    """`wall` answers seconds since 1970, `most_bytes` are kept; `report` is told of what was dropped; `copies` are told
    of the documents that were taken, in the store's thread."""

    def __init__(self, path: Path, wall: Callable[[], float], most_bytes: int = 512 << 20) -> None:
        self._file = TraceFile(path)
        self._wall = wall
        self._most_bytes = most_bytes
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="lambent-traces")
        self._pending: list[Segment] = []
        self._made: list[Make] = []
        self._held = self._unswept = 0
        self._timer: asyncio.TimerHandle | None = None
        self._failed = False
        self.report: Callable[[Finding], None] = lambda _finding: None
        self.began: Callable[[Counter[Scope]], None] = lambda _traces: None
        """Called in the store's thread: how many traces began."""
        self.copies: list[Callable[[Scope, Sequence[Document]], None]] = []

    @classmethod
    async def open(cls, path: Path, wall: Callable[[], float], most_bytes: int = 512 << 20) -> "TraceStore":
        """The store in a file, which is made if it is missing. Raises TracesBroken."""
        try:
            return await asyncio.to_thread(cls, path, wall, most_bytes)
        except (sqlite3.Error, OSError) as error:
            raise TracesBroken(f"{path}: {error}") from error

    # --- writing

    def add(self, segment: Segment) -> None:
        """A document that somebody sent and waits for nothing; one that can't be read is dropped."""
        if self._held + len(segment.document) > HELD_BYTES:
            self._drop(segment.scope)
            return
        self._held += len(segment.document)
        self._pending.append(segment)
        self._wake()

    def make(self, make: Make) -> None:
        """Documents that are made a moment later, in the store's thread."""
        self._made.append(make)
        self._wake()

    async def put(self, those: Sequence[Read]) -> None:
        """Come back when these are on disk. Raises NotKept."""
        await self._hand_over()
        await self._run(lambda: self._write(those))

    def _drop(self, scope: Scope) -> None:
        text = f"Segments come faster than they are written: what is more than {HELD_BYTES >> 20} MB was dropped."
        self.report(Finding("traces-dropped", f"arn:aws:xray:{scope.region}:{scope.account}:", text))

    def _wake(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._hand_over)

    def _hand_over(self) -> asyncio.Future[None]:
        """Give the thread what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        (pending, self._pending), (made, self._made) = (self._pending, []), (self._made, [])
        held = sum(len(segment.document) for segment in pending)
        written = asyncio.wrap_future(self._thread.submit(self._take, pending, made))
        written.add_done_callback(lambda done: self._written(done, held))
        return written

    def _written(self, done: asyncio.Future[None], held: int) -> None:
        self._held -= held
        error = done.exception() if not done.cancelled() else None
        if error is not None and not self._failed:
            log.error("traces can't be written, those of the last moment are lost: %s", error)
        self._failed = error is not None

    def _take(self, pending: list[Segment], made: list[Make]) -> None:
        """Of the thread."""
        self._write(list(_read([*pending, *(segment for make in made for segment in make())], self._wall())))

    def _write(self, segments: Sequence[Read]) -> None:
        rows, copies = [], dict[Scope, list[Document]]()
        for (scope, text, _), said in segments:
            rows.append(Row(scope, said["trace_id"], float(said["start_time"]), documents.end_of(said), text))
            copies.setdefault(scope, []).append(said)
        if not rows:
            return
        self.began(self._file.write(rows))
        self._unswept += sum(len(row.document) for row in rows)
        if self._unswept > SWEPT_EACH_BYTES:
            self._unswept = 0
            self._file.sweep(self._wall(), self._most_bytes)
        for scope, those in copies.items():
            for copy in self.copies:
                copy(scope, those)

    async def close(self) -> None:
        """Write what waits, and let go of the file."""
        try:
            await self._hand_over()
        except (sqlite3.Error, OSError):
            log.error("traces of the last moment are lost: they can't be written")
        if self._timer is not None:
            self._timer.cancel()
        await self._run(self._file.close)
        self._thread.shutdown(wait=False)

    async def sweep(self) -> None:
        """Forget what is older than 30 days; hourly. Raises NotKept."""
        await self._run(lambda: self._file.sweep(self._wall(), self._most_bytes))

    # --- reading

    async def read(self, scope: Scope, ids: Sequence[str], then: Callable[[list[Found]], T]) -> T:
        """What `then`, in the store's thread, makes of those of these traces that there are. Raises NotKept."""
        return await self.ask(lambda file: then(file.read(scope, ids)))

    async def ask(self, job: Callable[[TraceFile], T]) -> T:
        """What the store's thread finds out; all that came before is in it. Raises NotKept."""
        waiting = self._hand_over()
        try:
            await waiting
        except (sqlite3.Error, OSError) as error:
            raise NotKept(str(error)) from error
        return await self._run(lambda: job(self._file))

    async def _run(self, job: Callable[[], T]) -> T:
        try:
            return await asyncio.wrap_future(self._thread.submit(job))
        except (sqlite3.Error, OSError) as error:
            raise NotKept(str(error)) from error


def _read(segments: Iterable[Segment], now: float) -> Iterator[Read]:
    """Those that can be read, by the platform's clock."""
    for segment in segments:
        try:
            said = documents.read(segment.document)
        except Unprocessed as error:
            log.debug("a segment was dropped: %s", error)
            continue
        moved = documents.moved(said, segment.ahead, now) if segment.ahead else said
        yield (segment if moved is said else Segment(segment.scope, orjson.dumps(moved))), moved
