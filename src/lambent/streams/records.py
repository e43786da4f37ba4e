"""The records of all streams: accepted when they are on disk, read in the order of their shard.

Every record has a place (`seq`) in one order of all records; places are given in the order in which records are
written, so that a reader that has seen one has seen all before it. The latest records of a shard are read from memory.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from lambent.clock import Clock
from lambent.model.metric import Measure, Metric, unmeasured
from lambent.store.stream_records import RecordRow, StreamRecords
from lambent.streams import errors
from lambent.streams.config import Config
from lambent.streams.gate import Gate
from lambent.streams.shard_map import hash_of, shard_id
from lambent.streams.tails import Tails
from lambent.streams.throughput import READ_ANSWER_BYTES, Throughput

NAMESPACE = "AWS/Kinesis"
READ_RECORDS = 10_000
MOST_SEQ = (1 << 63) - 1
_PREFIX = "496"


def sequence_number(shard: int, seq: int) -> str:
    """A record's sequence number: 56 digits, as AWS's are."""
    return f"{_PREFIX}{seq:041d}{shard:012d}"


def shard_of(sequence: str) -> int:
    """The shard that a sequence number names. Raises ValueError."""
    seq_of(sequence)
    return int(sequence[-12:])


def seq_of(sequence: str) -> int:
    """The place that a sequence number names. Raises ValueError."""
    if len(sequence) != 56 or not sequence.isascii() or not sequence.isdigit() or not sequence.startswith(_PREFIX):
        raise ValueError(sequence)
    seq = int(sequence[len(_PREFIX) : -12])
    if seq > MOST_SEQ:
        raise ValueError(sequence)
    return seq


class Entry(NamedTuple):
    """A record that somebody wants to put. `hash_key` None: that of its partition key; `size`: the bytes that count
    against the limits."""

    data: bytes
    key: str
    hash_key: int | None
    size: int


class Put(NamedTuple):
    """Where an accepted record lies."""

    shard: str
    sequence: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a read found. `after` is where the next one goes on, `behind` how many seconds it is behind the latest
    record; `ended`: the shard is closed and nothing more is in it."""

    rows: Sequence[RecordRow]
    after: int
    behind: float
    ended: bool


class Records:
    """`woken` is called with a stream's uid when it has new records; `pace` is the monotonic time, in seconds, by which
    the limits of a second are kept."""

    def __init__(
        self,
        store: StreamRecords,
        clock: Clock,
        pace: Callable[[], float],
        woken: Callable[[int], None],
        gone: Callable[[int], None] = lambda _uid: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._pace = pace
        self._woken = woken
        self._gone = gone
        self._seq = 0
        self._committed = 0
        self._tails = Tails()
        self._gates: defaultdict[int, Gate] = defaultdict(Gate)
        self._firsts: dict[int, dict[int, float]] = {}
        """By stream's uid and shard, a time before which none of its records arrived, as of the last trim."""
        self.measure: Measure = unmeasured
        self.wrote: Callable[[Config, int, int], None] = lambda _stream, _records, _size: None
        """Told of so many records and bytes that a stream has accepted."""
        self._throughput: defaultdict[tuple[int, int], Throughput] = defaultdict(lambda: Throughput(pace()))

    async def open(self, streams: Sequence[Config]) -> None:
        """Before anything else: places go on behind the highest that any of these knows. Raises StoreError."""
        shards = [(stream, shard) for stream in streams for shard in stream.shards]
        last = await self._store.last([(stream.uid, shard.number) for stream, shard in shards])
        known = max((shard.ends or shard.begins for _, shard in shards), default=0)
        # From the time of day, too, so that numbers go on when what had the highest is gone.
        self._seq = self._committed = max(last, known, int(self._clock.wall() * 1_000_000))

    def next_seq(self) -> int:
        """One more place: of a record, or of a shard's beginning or end."""
        self._seq += 1
        return self._seq

    @property
    def latest(self) -> int:
        """The place of the latest record that is on disk, or a later one."""
        return self._committed

    def gate(self, stream: Config) -> Gate:
        """What records come to a stream through."""
        return self._gates[stream.uid]

    def still(self, stream: Config) -> AbstractAsyncContextManager[None]:
        """No record comes to a stream meanwhile, and those that were on their way are there: its shards may change."""
        return self._gates[stream.uid].shut()

    def wake(self, stream: Config) -> None:
        """Those who wait for news of a stream shall look."""
        self._woken(stream.uid)

    # --- in

    async def put(self, stream: Config, entries: Sequence[Entry]) -> list[Put | errors.StreamError]:
        """Put each record, or say why not. Those that are accepted are on disk. Raises StoreError; then none is.

        The stream is as it is now, and its gate is open.
        """
        now, wall = self._pace(), self._clock.wall()
        outcomes: list[Put | errors.StreamError] = []
        rows: list[RecordRow] = []
        for one in entries:
            shard = stream.owner(hash_of(one.key) if one.hash_key is None else one.hash_key)
            if not self._throughput[(stream.uid, shard.number)].write(one.size, now):
                outcomes.append(errors.too_fast(shard.id, stream.name, stream.scope.account))
                continue
            row = RecordRow(stream.uid, shard.number, self.next_seq(), wall, one.key, one.data)
            rows.append(row)
            outcomes.append(Put(shard.id, sequence_number(shard.number, row.seq)))
        if rows:
            await self._write(self._gates[stream.uid], rows)
            size = sum(len(row.data) for row in rows)
            self.tell(stream, "IncomingRecords", "Count", len(rows))
            self.tell(stream, "IncomingBytes", "Bytes", size)
            self.wrote(stream, len(rows), size)
        self.tell(stream, "WriteProvisionedThroughputExceeded", "Count", len(entries) - len(rows))
        return outcomes

    def tell(self, stream: Config, name: str, unit: str, value: float) -> None:
        """Measure something of a stream, by CloudWatch's names.

        Source: https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html
        """
        self.measure(Metric(stream.scope, NAMESPACE, name, (("StreamName", stream.name),)), unit, float(value))

    async def _write(self, gate: Gate, rows: Sequence[RecordRow]) -> None:
        def arrived() -> None:
            before = self._committed
            self._tails.add(rows, before)
            self._committed = max(before, rows[-1].seq)
            gate.leave()
            self._woken(rows[0].stream)

        gate.enter()
        await self._store.write(rows, arrived, gate.leave)

    # --- out

    def may_read(self, stream: Config, shard: int) -> bool:
        """Whether one more read of a shard may be made now, by the limits that readers share."""
        return self._throughput[(stream.uid, shard)].may_read(self._pace())

    def has_read(self, stream: Config, shard: int, size: int) -> None:
        """Such a read has answered so many bytes."""
        self._throughput[(stream.uid, shard)].read(size)

    async def read(
        self, stream: Config, number: int, after: int, most: int, most_bytes: int = READ_ANSWER_BYTES
    ) -> Found:
        """Up to `most` records of a shard behind a place, up to so many bytes. Raises StreamError, StoreError.

        A closed shard has ended when nothing more is found: what was accepted before it closed is on disk.
        """
        shard = stream.numbered.get(number)
        if shard is None:
            raise errors.no_shard(shard_id(number), stream.name, stream.scope.account)
        latest = self._committed
        most = min(most, READ_RECORDS)
        rows = self._tails.behind(stream.uid, number, after, most + 1)
        if rows is None:
            oldest = self._clock.wall() - stream.retention
            rows = await self._store.read(stream.uid, number, after, oldest, most + 1, most_bytes)
        return self._found(stream, rows, (most, most_bytes), after if rows else max(after, latest), not shard.open)

    def _found(
        self, stream: Config, rows: Sequence[RecordRow], most: tuple[int, int], after: int, closed: bool
    ) -> Found:
        now = self._clock.wall()
        oldest = now - stream.retention
        taken: list[RecordRow] = []
        size, more = 0, False
        for row in rows:
            if len(taken) == most[0] or (taken and size + len(row.data) > most[1]):
                more = True
                break
            after = row.seq
            if row.arrived >= oldest:
                taken.append(row)
                size += len(row.data)
        behind = max(now - taken[-1].arrived, 0.0) if more and taken else 0.0
        return Found(taken, after, behind, ended=closed and not more and len(rows) <= most[0])

    async def place_at(self, stream: Config, number: int, moment: float) -> int:
        """The place before the first record of a shard that arrived at `moment` (seconds since 1970) or later."""
        first = await self._store.first_at(stream.uid, number, moment)
        return self._committed if first is None else first - 1

    # --- what becomes of them

    async def trim(self, stream: Config) -> None:
        """Drop what is older than its stream keeps it; a shard is looked at when something of it can be. Raises
        StoreError."""
        now = self._clock.wall()
        oldest, known, firsts = now - stream.retention, self._firsts.get(stream.uid, {}), {}
        for number in (shard.number for shard in stream.shards):
            first = known.get(number, -inf)
            firsts[number] = first if first >= oldest else min(now, await self._store.trim(stream.uid, number, oldest))
        self._firsts[stream.uid] = firsts

    async def forget(self, stream: Config) -> None:
        """A stream was deleted. Raises StoreError."""
        self._tails.forget(stream.uid)
        self._gates.pop(stream.uid, None)
        self._firsts.pop(stream.uid, None)
        self._gone(stream.uid)
        for shard in stream.shards:
            self._throughput.pop((stream.uid, shard.number), None)
        await self._store.drop([(stream.uid, shard.number) for shard in stream.shards])
