"""The series of all metrics: what CloudWatch keeps. Samples are taken in memory and written to a file a moment later.

Everything is called on one event loop; what touches the file runs in one thread, in order, so that whatever was added
before a question is in its answer. A crash loses at most the samples of the last `FLUSH_SECONDS`; who needs to know
them on disk waits for `flush`.
"""

import asyncio
import functools
import logging
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from lambent.engine.statistics import Bucket
from lambent.model.metric import Metric, Sample, Stream, Together
from lambent.model.scope import Scope
from lambent.observe.errors import NotKept
from lambent.observe.seriesfile import TIERS, Kept, SeriesFile

log = logging.getLogger(__name__)

FLUSH_SECONDS = 1.0
FLUSH_SECONDS_EACH = 0.006
"""More for each series: ten thousand are written once a minute, which takes a tenth of a second."""
BOUND, ACCOUNTS = 50_000, 4
"""Series that are kept of an account, and of how many such accounts; what is of further ones is counted and dropped."""
WAITING = 10_000
"""Values that wait to become part of their series."""
HELD_POINTS = 500_000
"""Periods that wait for a disk that takes nothing."""
LISTED_SECONDS = 14 * 86400
"""A metric is listed as long as it had a value in two weeks."""
ROLLED_AT_ONCE = 200
"""Series of one transaction."""
FORGOTTEN_SECONDS = max(TIERS.values())
LONGEST_PERIOD = max(TIERS)

T = TypeVar("T")
Point = tuple[int, int, int]
"""Number of a series, tier, start."""


class SeriesBroken(Exception):
    """The file can't be read."""


class SeriesStore:
    """`wall` answers seconds since 1970; `drain` is called before anything is written or read, so that what others
    still have is added first. So many values may be `waiting`."""

    def __init__(self, path: Path, wall: Callable[[], float], bound: int = BOUND, waiting: int = WAITING) -> None:
        self._most = waiting
        self._file = SeriesFile(path)
        self._wall = wall
        self._bound = bound
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="lambent-metrics")
        self._kept: dict[Stream, Kept] = {one.stream: one for one in self._file.series()}
        self._units: dict[Metric, list[Kept]] = {}
        for one in self._kept.values():
            self._units.setdefault(one.stream.metric, []).append(one)
        self._owned = Counter(stream.metric.scope.account for stream in self._kept)
        self._next = max((one.number for one in self._kept.values()), default=0) + 1
        self._measured: list[tuple[Metric, str, float, float]] = []
        self._together: list[tuple[Together, float, tuple[float | None, ...]]] = []
        self._pending: dict[Point, Bucket] = {}
        self._touched: dict[int, Kept] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._failed = False
        self._full: set[str] = set()
        self.left_out = 0
        self.drain: Callable[[], None] = lambda: None

    @classmethod
    async def open(
        cls, path: Path, wall: Callable[[], float], bound: int = BOUND, waiting: int = WAITING
    ) -> "SeriesStore":
        """The store in a file, which is made if it is missing. Raises SeriesBroken."""
        try:
            return await asyncio.to_thread(cls, path, wall, bound, waiting)
        except (sqlite3.Error, OSError, ValueError) as error:
            raise SeriesBroken(f"{path}: {error}") from error

    @property
    def count(self) -> int:
        """How many series there are."""
        return len(self._kept)

    # --- writing

    def add(self, stream: Stream, at: float, value: float, count: float = 1.0, resolution: int = 60) -> bool:
        """A value that was measured `count` times; False when there are too many series."""
        bucket = self._bucket(stream, at, resolution)
        if bucket is not None:
            bucket.add(value, count)
        return bucket is not None

    def measured(self, metric: Metric, unit: str, at: float, value: float) -> None:
        """A value that becomes part of its series when anybody asks, as cheap as can be."""
        measured = self._measured
        if not measured:
            self.wake()
        elif len(measured) > self._most:
            self._fold()
        self._measured.append((metric, unit, at, value))

    def measured_together(self, together: Together, at: float, values: tuple[float | None, ...]) -> None:
        """The same of several at once."""
        waiting = self._together
        if not waiting:
            self.wake()
        elif len(waiting) > self._most:
            self._fold()
        self._together.append((together, at, values))

    def _fold(self) -> None:
        """What was measured becomes part of its series: at once what has one metric, unit and minute."""
        self._fold_together()
        measured, self._measured = self._measured, []
        found: dict[tuple[Metric, str, float], dict[float, float]] = {}
        for metric, unit, at, value in measured:
            values = found.setdefault((metric, unit, at // 60 * 60.0), {})
            values[value] = values.get(value, 0.0) + 1.0
        for (metric, unit, minute), values in found.items():
            self._add_counted(Stream(metric, unit), minute, values)

    def _fold_together(self) -> None:
        waiting, self._together = self._together, []
        groups: dict[tuple[Together, float], list[tuple[float | None, ...]]] = {}
        for together, at, values in waiting:
            groups.setdefault((together, at // 60 * 60.0), []).append(values)
        for (together, minute), rows in groups.items():
            for (metrics, unit), column in zip(together, zip(*rows, strict=True), strict=True):
                counted = Counter(value for value in column if value is not None)
                for metric in metrics if counted else ():
                    self._add_counted(Stream(metric, unit), minute, counted)

    def _add_counted(self, stream: Stream, minute: float, values: Mapping[float, float]) -> None:
        """Values of one minute, and how often each was measured."""
        bucket = self._bucket(stream, minute, 60)
        if bucket is not None:
            for value, times in values.items():
                bucket.add(value, times)

    def _all(self) -> None:
        """Nothing waits that anybody has measured."""
        self.drain()
        self._fold()

    def add_samples(self, samples: Iterable[Sample]) -> None:
        """Many."""
        for stream, at, value, count, resolution in samples:
            self.add(stream, at, value, count, resolution)

    def add_set(self, stream: Stream, at: float, values: Bucket, resolution: int = 60) -> bool:
        """What somebody has found out of many values; False when there are too many series."""
        bucket = self._bucket(stream, at, resolution)
        if bucket is not None:
            bucket.merge(values)
        return bucket is not None

    def _bucket(self, stream: Stream, at: float, resolution: int) -> Bucket | None:
        kept = self._kept.get(stream) or self._new(stream)
        if kept is None:
            self.left_out += 1
            return None
        kept.last = max(kept.last, at)
        self._touched[kept.number] = kept
        self.wake()
        start = int(at // resolution) * resolution
        point = (kept.number, resolution, start)
        bucket = self._pending.get(point)
        if bucket is None and len(self._pending) >= HELD_POINTS:
            self.left_out += 1
            return None
        if bucket is None:
            bucket = self._pending[point] = Bucket()
        return bucket

    def _new(self, stream: Stream) -> Kept | None:
        account = stream.metric.scope.account
        if self._owned[account] >= self._bound or len(self._kept) >= self._bound * ACCOUNTS:
            if account not in self._full:
                log.error("there are %d series of account %s: further ones are not kept", self._owned[account], account)
                self._full.add(account)
            return None
        self._owned[account] += 1
        kept = self._kept[stream] = Kept(stream, self._next, 0.0)
        self._units.setdefault(stream.metric, []).append(kept)
        self._next += 1
        return kept

    def wake(self) -> None:
        """There is something to write: few series are written after a second, many once a minute."""
        if self._timer is not None:
            return
        delay = min(FLUSH_SECONDS + len(self._kept) * FLUSH_SECONDS_EACH, 60.0)
        self._timer = asyncio.get_running_loop().call_later(delay, self._hand_over)

    def _hand_over(self) -> asyncio.Future[None]:
        """Give the thread what waits."""
        self._all()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        pending, self._pending = self._pending, {}
        touched, self._touched = list(self._touched.values()), {}
        if not pending:
            return asyncio.wrap_future(self._thread.submit(lambda: None))
        written = asyncio.wrap_future(self._thread.submit(self._write, touched, pending))
        written.add_done_callback(lambda done: self._written(done, touched, pending))
        return written

    def _write(self, touched: Sequence[Kept], pending: dict[Point, Bucket]) -> None:
        tiers: dict[int, list[tuple[int, int, Bucket]]] = {}
        for (number, tier, start), bucket in sorted(pending.items(), key=lambda one: one[0]):
            tiers.setdefault(tier, []).append((number, start, bucket))
        self._file.write(touched, tiers)

    def _written(self, done: asyncio.Future[None], touched: Sequence[Kept], pending: dict[Point, Bucket]) -> None:
        """What the disk did not take waits for the next time."""
        error = done.exception() if not done.cancelled() else None
        if error is not None:
            for point, bucket in pending.items():
                self._pending.setdefault(point, Bucket()).merge(bucket)
            self._touched.update((one.number, one) for one in touched)
            if not self._failed:
                log.error("metrics can't be written, they are held back: %s", error)
            self.wake()
        self._failed = error is not None

    async def flush(self) -> None:
        """Come back when everything that was added is on disk. Raises NotKept."""
        try:
            await self._hand_over()
        except (sqlite3.Error, OSError) as error:
            raise NotKept(str(error)) from error

    async def close(self) -> None:
        """Write what waits, and let go of the file."""
        try:
            await self._hand_over()
        except (sqlite3.Error, OSError):
            log.error("metrics of the last moment are lost: they can't be written")
        if self._timer is not None:
            self._timer.cancel()
        await self._run(self._file.close)
        self._thread.shutdown(wait=False)

    # --- reading

    def units(self, metric: Metric) -> list[str]:
        """The units that a metric's values have."""
        self._fold()
        return [one.stream.unit for one in self._units.get(metric, ())]

    def listed(self, scope: Scope, seconds: float = LISTED_SECONDS) -> list[Metric]:
        """The metrics of a scope that had a value so many seconds ago or later, in order."""
        self._all()
        since = self._wall() - seconds
        return sorted(
            {stream.metric for stream, one in self._kept.items() if stream.metric.scope == scope and one.last >= since}
        )

    async def read(self, metric: Metric, unit: str | None, start: int, end: int, period: int) -> dict[int, Bucket]:
        """What a metric had from `start` until before `end`, by the start of its periods; of all units, or of one.

        Raises NotKept when the file can't be read.
        """
        self._all()
        since = start - max(period, LONGEST_PERIOD)
        kept = [one for one in self._units.get(metric, ()) if unit in (None, one.stream.unit) and one.last >= since]
        if not kept:
            return {}  # an alarm asks each minute: what had no value lately is not looked for in the file
        self._hand_over()
        numbers, now = [one.number for one in kept], self._wall()
        try:
            return await self._run(lambda: self._file.read(numbers, start, end, period, now))
        except (sqlite3.Error, OSError) as error:
            raise NotKept(str(error)) from error

    async def roll(self) -> None:
        """Make longer periods of what is old enough, and forget what is too old; hourly. Raises NotKept."""
        self._hand_over()
        now, every = self._wall(), list(self._kept.values())
        try:
            for at in range(0, len(every), ROLLED_AT_ONCE):
                numbers = [one.number for one in every[at : at + ROLLED_AT_ONCE]]
                await self._run(functools.partial(self._file.roll, numbers, now))
            gone = [one for one in every if now - one.last > FORGOTTEN_SECONDS and one.number not in self._touched]
            for one in gone:
                self._forget(one)
            await self._run(functools.partial(self._file.forget, [one.number for one in gone]))
        except (sqlite3.Error, OSError) as error:
            raise NotKept(str(error)) from error

    def _forget(self, kept: Kept) -> None:
        if self._kept.pop(kept.stream, None) is not None:
            self._owned[kept.stream.metric.scope.account] -= 1
        others = self._units.get(kept.stream.metric, [])
        if kept in others:
            others.remove(kept)

    async def _run(self, job: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._thread.submit(job))
