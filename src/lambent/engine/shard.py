"""One shard of a stream on its way through one function.

Records arrive in order and are dealt to lanes by partition key: one lane, or as many as ParallelizationFactor says.
Each lane gathers batches and has one invocation at a time, so that what belongs to one key is never overtaken:

    gathering ──size, window or bytes──> ready ──take──> running ──done──> (checkpoint)
                                           ^                │
                                           └── retry: the same records, those from the lowest failed one on, or, with
                                               BisectBatchOnFunctionError, the first half and then the second

A batch that has used up its attempts, and records that are too old, are discarded: that is told (`Discarded`), and the
shard goes on behind them. The checkpoint is the last record up to which everything is done.

Pure: time is passed in (seconds since 1970). Sources:
https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html,
https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html,
https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html (conditions),
https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html. Splitting a batch does not count as a retry.
How long AWS waits between attempts is not documented: here half a second, doubled up to a minute.
"""

import enum
import math
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from lambent.engine.batching import PAYLOAD_BYTES, Batch

BACK_OFF_SECONDS = (0.5, 60.0)
"""The first wait, doubled every time, and the longest."""
NEVER = -1


class Condition(enum.Enum):
    """Why records were discarded, in the words of AWS's records."""

    RETRIES = "RetryAttemptsExhausted"
    AGE = "RecordAgeExceeded"


@dataclass(frozen=True, slots=True)
class Record:
    """One record: `sequence` is its place in the shard, `arrived` seconds since 1970, `size` bytes as JSON.

    `passes` is False for what no filter lets pass: it only moves the checkpoint.
    """

    sequence: str
    key: str
    arrived: float
    size: int
    encoded: bytes = b""
    passes: bool = True


@dataclass(frozen=True, slots=True)
class Rules:
    """What the mapping says; times are seconds, -1 is without a limit, `tumbling` 0 without windows."""

    batch_size: int
    window: float = 0.0
    lanes: int = 1
    maximum_age: float = NEVER
    maximum_retries: int = NEVER
    bisects: bool = False
    tumbling: int = 0
    bytes: int = PAYLOAD_BYTES


@dataclass(slots=True)
class Work:
    """A batch: its records and how often they were run together. `window` is the start of its tumbling window."""

    records: list[Record]
    invocations: int = 0
    errors: int = 0
    due: float = 0.0
    window: int | None = None
    final: bool = False
    """The window's last invocation, which may have no records."""
    early: bool = False
    """It is the last one because the window's state has grown too large."""


@dataclass(frozen=True, slots=True)
class Discarded:
    """Records that the function will not see again."""

    records: tuple[Record, ...]
    condition: Condition
    invocations: int


@dataclass(slots=True)
class _Lane:
    gathering: Batch[Record]
    waiting: deque[Work] = field(default_factory=deque)
    running: Work | None = None


class Shard:
    """The reader's state of one shard. `checkpoint` is a sequence number, "" before the first; `windows` are the
    starts of tumbling windows that were open when the reader before this one ended."""

    def __init__(self, rules: Rules, checkpoint: str = "", windows: Iterable[int] = ()) -> None:
        self.rules = rules
        self.checkpoint = checkpoint
        self.held_bytes = 0
        """Of the records that arrived and are not done."""
        self.discarded: list[Discarded] = []
        """What was discarded since somebody last emptied this."""
        self._lanes = [_Lane(self._batch()) for _ in range(rules.lanes)]
        self._order: deque[str] = deque()
        self._done: set[str] = set()
        self._windows: dict[int, int] = dict.fromkeys(windows, 0)
        """Tumbling windows that are open: how many records of each are not done."""
        self._early: set[int] = set()
        """Those of them that end now."""

    def _batch(self) -> Batch[Record]:
        return Batch(self.rules.batch_size, self.rules.window, self.rules.bytes)

    # --- reads

    @property
    def held(self) -> int:
        """Records that arrived and are not done."""
        return len(self._order) - len(self._done)

    @property
    def running(self) -> int:
        """Batches that run."""
        return sum(lane.running is not None for lane in self._lanes)

    @property
    def windows(self) -> Collection[int]:
        """The starts of the tumbling windows that are open."""
        return self._windows.keys()

    def due(self) -> float:
        """When `take` may find something that it does not find now; infinite when only arrivals can tell."""
        times = [self._lane_due(lane) for lane in self._lanes if lane.running is None]
        return min(*times, self._window_due()) if times else math.inf

    def _window_due(self) -> float:
        """When the oldest window ends, if nothing has to be done before."""
        lane = self._lanes[0]
        if lane.running is not None or lane.waiting or not self._windows:
            return math.inf
        oldest = min(self._windows)
        if self._early:
            return 0.0
        return math.inf if self._windows[oldest] else float(oldest + self.rules.tumbling)

    def _lane_due(self, lane: _Lane) -> float:
        if lane.waiting:
            return lane.waiting[0].due
        return lane.gathering.due if lane.gathering.records else math.inf

    # --- what happens

    def arrive(self, records: Iterable[Record], now: float) -> None:
        """Records were read, in the shard's order."""
        for record in records:
            self._order.append(record.sequence)
            self.held_bytes += record.size
            if not record.passes:
                self._finish([record])
                continue
            self._deal(record, now)

    def _deal(self, record: Record, now: float) -> None:
        lane = self._lanes[_hash(record.key) % len(self._lanes)]
        window = self._window_of(record)
        gathered = lane.gathering.records
        if gathered and (not lane.gathering.takes(record.size) or self._window_of(gathered[0]) != window):
            self._close(lane)
        lane.gathering.add(record, record.size, now)
        if window is not None:
            self._windows[window] = self._windows.get(window, 0) + 1
        if not lane.gathering.room:
            self._close(lane)

    def _close(self, lane: _Lane) -> None:
        records = lane.gathering.records
        lane.waiting.append(Work(records, window=self._window_of(records[0])))
        lane.gathering = self._batch()

    def _window_of(self, record: Record) -> int | None:
        width = self.rules.tumbling
        return int(record.arrived // width) * width if width else None

    def take(self, now: float) -> list[Work]:
        """The batches that run now, one a lane; each ends by `succeeded` or `failed`."""
        taken = []
        for lane in self._lanes:
            work = self._next(lane, now)
            if work is not None:
                lane.running = work
                work.invocations += 1
                taken.append(work)
        return taken

    def _next(self, lane: _Lane, now: float) -> Work | None:
        if lane.running is not None:
            return None
        if self._early and lane is self._lanes[0]:
            return Work([], window=self._early.pop(), final=True, early=True)
        if not lane.waiting and lane.gathering.closed(now):
            self._close(lane)
        while lane.waiting and lane.waiting[0].due <= now:
            work = lane.waiting.popleft()
            self._drop_old(work, now)
            if work.records or work.final:
                return work
        return self._final(now) if lane is self._lanes[0] and not lane.waiting else None

    def _final(self, now: float) -> Work | None:
        """The last invocation of a tumbling window that is over and has nothing left to do."""
        start = min(self._windows, default=None)
        if start is None or self._windows[start] or start + self.rules.tumbling > now:
            return None
        return Work([], window=start, final=True)

    def _drop_old(self, work: Work, now: float) -> None:
        limit = self.rules.maximum_age
        if limit == NEVER:
            return
        old = [record for record in work.records if now - record.arrived > limit]
        if old:
            self._discard(old, Condition.AGE, work.invocations)
            work.records = work.records[len(old) :]

    def succeeded(self, work: Work) -> None:
        """All of its records are done."""
        self._leave(work)
        self._end_window(work)
        self._finish(work.records)

    def end_early(self, window: int) -> None:
        """Its state is too large: its last invocation comes now. Records of it that come later begin anew."""
        if window in self._windows:
            self._early.add(window)

    def _end_window(self, work: Work) -> None:
        """The last invocation of a window is done."""
        if not work.final:
            return
        assert work.window is not None
        if not self._windows.get(work.window):
            self._windows.pop(work.window, None)

    def failed(self, work: Work, now: float, lowest: str | None = None) -> None:
        """It failed from the record `lowest` on; as a whole (a function error, an answer that is none) without one."""
        lane = self._leave(work)
        at = 0 if lowest is None else next(i for i, one in enumerate(work.records) if one.sequence == lowest)
        self._finish(work.records[:at])
        left = work.records[at:]
        if at:  # recorded: what is left after some success begins anew
            lane.waiting.appendleft(Work(left, due=now + back_off(1), window=work.window))
            return
        if lowest is None and self.rules.bisects and len(left) > 1:
            self._bisect(lane, work, left, now)
            return
        errors = work.errors + 1
        if self.rules.maximum_retries != NEVER and errors > self.rules.maximum_retries:
            self._give_up(work, left)
            return
        due = now + back_off(errors)
        lane.waiting.appendleft(Work(left, work.invocations, errors, due, work.window, work.final, work.early))

    def _bisect(self, lane: _Lane, work: Work, left: Sequence[Record], now: float) -> None:
        middle = (len(left) + 1) // 2
        for half in (left[middle:], left[:middle]):
            lane.waiting.appendleft(Work(list(half), work.invocations, work.errors, now, work.window))

    def _give_up(self, work: Work, left: Sequence[Record]) -> None:
        self._end_window(work)
        if left:
            self._discard(left, Condition.RETRIES, work.invocations)

    def postponed(self, work: Work, now: float) -> None:
        """It did not run: the function is throttled, or a fault of ours. That is no attempt; it may run now."""
        lane = self._leave(work)
        work.invocations -= 1
        work.due = now
        lane.waiting.appendleft(work)

    # --- the books

    def _leave(self, work: Work) -> _Lane:
        lane = next(lane for lane in self._lanes if lane.running is work)
        lane.running = None
        return lane

    def _discard(self, records: Sequence[Record], condition: Condition, invocations: int) -> None:
        self.discarded.append(Discarded(tuple(records), condition, invocations))
        self._finish(records)

    def _finish(self, records: Iterable[Record]) -> None:
        """Records are done: the checkpoint moves over everything that is, from the front."""
        for record in records:
            self._done.add(record.sequence)
            self.held_bytes -= record.size
            window = self._window_of(record)
            if record.passes and window is not None and window in self._windows:
                self._windows[window] -= 1
        while self._order and self._order[0] in self._done:
            self.checkpoint = self._order.popleft()
            self._done.discard(self.checkpoint)


def back_off(errors: int) -> float:
    """Seconds until the next attempt after `errors` (from 1) in a row."""
    first, longest = BACK_OFF_SECONDS
    return min(first * 2.0 ** min(errors - 1, 30), longest)


def _hash(key: str) -> int:
    """The same in every process; which lane a key has is not documented."""
    value = 2166136261
    for byte in key.encode():
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value
