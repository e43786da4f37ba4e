"""The file of the series: one row for each metric and unit, one for each of its periods that has values.

A value is in one tier at a time: by the second for three hours, by the minute for 15 days, by five minutes for 63 days,
by the hour for 455 days. All methods run in one thread; what was committed survives a crash of the process, and with
`synchronous` FULL one of the machine.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html ("Metrics retention").
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from lambent.engine.statistics import Bucket, unpacked
from lambent.model.metric import Dimensions, Metric, Stream, dimensions_of
from lambent.model.scope import Scope
from lambent.observe.sqlite_file import Transaction, opened

HOUR, DAY = 3600, 86400
TIERS: Mapping[int, int] = {1: 3 * HOUR, 60: 15 * DAY, 300: 63 * DAY, 3600: 455 * DAY}
"""Seconds of a period -> seconds for which it is kept; then it becomes part of one of the next."""
_ORDER = tuple(TIERS)
_COLUMNS = "series INTEGER, start INTEGER, count REAL, total REAL, low REAL, high REAL, known BLOB"
_JOIN = (
    "ON CONFLICT (series, start) DO UPDATE SET count = count + excluded.count, total = total + excluded.total, "
    "low = min(low, excluded.low), high = max(high, excluded.high), known = joined(known, excluded.known)"
)
_WRITE, _READ, _ROLL, _DROP = (
    {
        tier: statement.format(tier=tier, longer=longer) + join
        for tier, longer in zip(_ORDER, (*_ORDER[1:], 0), strict=True)
    }
    for statement, join in (
        ("INSERT INTO points_{tier} VALUES (?, ?, ?, ?, ?, ?, ?) ", _JOIN),
        ("SELECT * FROM points_{tier} WHERE series=? AND start>=? AND start<?", ""),
        (
            "INSERT INTO points_{longer} SELECT series, start - start % {longer}, count, total, low, high, known "
            "FROM points_{tier} WHERE series=? AND start<? ORDER BY start ",
            _JOIN,
        ),
        ("DELETE FROM points_{tier} WHERE series=? AND start<?", ""),
    )
)
"""What is done with each tier; the last one has no longer one."""
Row = tuple[int, int, float, float, float, float, bytes | None]
"""Series, start of the period (seconds since 1970), and what a bucket has."""


@dataclass(slots=True)
class Kept:
    """A series: its number in the file, and when it last had a value (seconds since 1970)."""

    stream: Stream
    number: int
    last: float


class SeriesFile:
    """Opens the file, which is made if it is not there. Raises sqlite3.Error, OSError."""

    def __init__(self, path: Path) -> None:
        self._db = opened(path)
        self._db.create_function("joined", 2, _joined, deterministic=True)
        names = "account TEXT, region TEXT, namespace TEXT, name TEXT, dimensions TEXT, unit TEXT"
        self._db.execute(f"CREATE TABLE IF NOT EXISTS series (number INTEGER PRIMARY KEY, {names}, last REAL)")
        for tier in TIERS:
            made = f"CREATE TABLE IF NOT EXISTS points_{tier} ({_COLUMNS}, PRIMARY KEY (series, start)) WITHOUT ROWID"
            self._db.execute(made)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def series(self) -> list[Kept]:
        """All that there are."""
        rows = self._db.execute("SELECT number, account, region, namespace, name, dimensions, unit, last FROM series")
        return [
            Kept(Stream(Metric(Scope(account, region), namespace, name, _read(dimensions)), unit), number, last)
            for number, account, region, namespace, name, dimensions, unit, last in rows
        ]

    def write(self, series: Sequence[Kept], buckets: Mapping[int, Sequence[tuple[int, int, Bucket]]]) -> None:
        """Add to periods, by tier: number of the series, start, what came. `series` are those that had something, new
        ones among them. One transaction."""
        with Transaction(self._db):
            self._db.executemany(
                "INSERT INTO series VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET last = excluded.last",
                [_series_row(one) for one in series],
            )
            for tier, found in buckets.items():
                rows = (_row(*one) for one in found)
                self._db.executemany(_WRITE[tier], rows)

    def read(self, numbers: Sequence[int], start: int, end: int, period: int, now: float) -> dict[int, Bucket]:
        """What some series had from `start` until before `end`, by the start of periods that are counted from `start`.

        A value that is kept by more than a period counts where its own one begins.
        """
        found: dict[int, Bucket] = {}
        since = max(start, _edge(now, TIERS[_ORDER[-1]], _ORDER[-1]))
        for number in numbers:
            for tier in _ORDER:
                for row in self._db.execute(_READ[tier], (number, since, end)):
                    at = start + (row[1] - start) // period * period
                    bucket = _bucket(row)
                    there = found.setdefault(at, bucket)
                    if there is not bucket:
                        there.merge(bucket)
        return found

    def roll(self, numbers: Iterable[int], now: float) -> None:
        """Make of series' periods that are old enough parts of longer ones; forget those that are too old."""
        with Transaction(self._db):
            for number in numbers:
                for tier, longer in zip(_ORDER, (*_ORDER[1:], 0), strict=True):
                    old = (number, _edge(now, TIERS[tier], longer or tier))
                    if longer:
                        self._db.execute(_ROLL[tier], old)
                    self._db.execute(_DROP[tier], old)

    def forget(self, numbers: Iterable[int]) -> None:
        """Series whose values are all gone."""
        self._db.executemany("DELETE FROM series WHERE number=?", [(number,) for number in numbers])


def _edge(now: float, kept: int, step: int) -> int:
    """Periods that start earlier are no longer kept in a tier: a whole step, so that none is cut."""
    edge = int(now) - kept
    return edge - edge % step


def _joined(first: bytes | None, second: bytes | None) -> bytes | None:
    one, other = Bucket(1.0, values=unpacked(first)), Bucket(1.0, values=unpacked(second))
    one.merge(other)
    return one.pack()


def _row(number: int, start: int, bucket: Bucket) -> Row:
    return (number, start, bucket.count, bucket.total, bucket.low, bucket.high, bucket.pack())


def _bucket(row: Row) -> Bucket:
    _, _, count, total, low, high, known = row
    return Bucket(count, total, low, high, unpacked(known))


def _series_row(kept: Kept) -> tuple[object, ...]:
    metric = kept.stream.metric
    names = (metric.scope.account, metric.scope.region, metric.namespace, metric.name)
    return (kept.number, *names, _written(metric.dimensions), kept.stream.unit, kept.last)


def _written(dimensions: Iterable[tuple[str, str]]) -> str:
    return orjson.dumps(list(dimensions)).decode()


def _read(text: str) -> Dimensions:
    return dimensions_of((name, value) for name, value in orjson.loads(text))
