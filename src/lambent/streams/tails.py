"""The latest records of shards, in memory: what readers that keep up read."""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from lambent.store.stream_records import RecordRow

SHARD_BYTES = 8 << 20
ALL_BYTES = 64 << 20
OVERHEAD = 400
"""Bytes that a record takes beside its data."""


@dataclass(slots=True)
class _Tail:
    """A shard's latest records: all behind `after`."""

    after: int
    rows: list[RecordRow] = field(default_factory=list)
    bytes: int = 0

    def shorten(self) -> None:
        """The older half goes, at once: cutting one by one would cost more."""
        half = (len(self.rows) + 1) // 2
        self.after = self.rows[half - 1].seq
        self.bytes -= sum(map(_size, self.rows[:half]))
        self.rows = self.rows[half:]


def _size(row: RecordRow) -> int:
    return len(row.data) + OVERHEAD


class Tails:
    """Up to `most` bytes in all; the shards that were written to least recently are dropped first."""

    def __init__(self, most: int = ALL_BYTES) -> None:
        self._most = most
        self._tails: OrderedDict[tuple[int, int], _Tail] = OrderedDict()
        self._bytes = 0

    @property
    def bytes(self) -> int:
        """What all of them take."""
        return self._bytes

    def add(self, rows: Sequence[RecordRow], before: int) -> None:
        """Records were written; all that was written before them lies up to the place `before`."""
        for row in rows:
            place = (row.stream, row.shard)
            tail = self._tails.get(place)
            if tail is None:
                tail = self._tails[place] = _Tail(before)
            else:
                self._tails.move_to_end(place)
            tail.rows.append(row)
            size = _size(row)
            tail.bytes += size
            self._bytes += size
            if tail.bytes > SHARD_BYTES:
                self._bytes -= tail.bytes
                tail.shorten()
                self._bytes += tail.bytes
        while self._bytes > self._most and self._tails:
            self._bytes -= self._tails.popitem(last=False)[1].bytes

    def behind(self, stream: int, shard: int, after: int, most: int) -> list[RecordRow] | None:
        """Up to `most` records of a shard behind a place; None when they are not all in memory."""
        tail = self._tails.get((stream, shard))
        if tail is None or after < tail.after:
            return None
        start = bisect_right(tail.rows, after, key=lambda row: row.seq)
        return tail.rows[start : start + most]

    def forget(self, stream: int) -> None:
        """The stream is gone."""
        for place in [one for one in self._tails if one[0] == stream]:
            self._bytes -= self._tails.pop(place).bytes
