"""The file of the traces: a row for each segment document, one for each trace.

A trace is kept for 30 days, and up to 500 KB of it
(https://docs.aws.amazon.com/general/latest/gr/xray.html, "Trace document size"; "Trace and service graph retention").
All methods run in one thread; what was committed survives a crash of the machine (`synchronous` FULL).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from lambent.model.scope import Scope
from lambent.observe.sqlite_file import Transaction, opened

DAY = 86400
KEPT_SECONDS = 30 * DAY
TRACE_BYTES = 500_000
SWEPT_AT_ONCE = 500


class Row(NamedTuple):
    """A segment document, and what finds it: times are seconds since 1970."""

    scope: Scope
    trace: str
    start: float
    end: float
    document: bytes


class Found(NamedTuple):
    """A trace: its documents in the order in which they came, and whether more came than are kept of one."""

    id: str
    documents: list[bytes]
    exceeded: bool = False


class TraceFile:
    """Opens the file, which is made if it is not there. Raises sqlite3.Error, OSError."""

    def __init__(self, path: Path) -> None:
        self._db = opened(path)
        for statement in _TABLES:
            self._db.execute(statement)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def write(self, rows: Sequence[Row]) -> Counter[Scope]:
        """Add documents; how many traces began with them. One transaction; of a trace that has as much as is kept none
        is added."""
        with Transaction(self._db):
            return Counter(row.scope for row in rows if self._write(row))

    def _write(self, row: Row) -> bool:
        """Whether it is the first of its trace."""
        key = (row.scope.account, row.scope.region, row.trace)
        size = len(row.document)
        values = (*key, began(row.trace, row.start), row.start, row.end, size)
        [(number, bytes_)] = self._db.execute(_TOUCH, values).fetchall()
        if bytes_ > TRACE_BYTES:
            self._db.execute("UPDATE traces SET exceeded = 1, bytes = bytes - ? WHERE number = ?", (size, number))
            return False
        self._db.execute("INSERT INTO segments (trace, document) VALUES (?, ?)", (number, row.document))
        return bool(bytes_ == size)

    def read(self, scope: Scope, ids: Iterable[str]) -> list[Found]:
        """Those of these traces that there are."""
        found = []
        for id_ in ids:
            rows = self._db.execute(
                "SELECT number, exceeded FROM traces WHERE account = ? AND region = ? AND id = ?", (*scope, id_)
            )
            found += [Found(id_, self._documents(number), bool(exceeded)) for number, exceeded in rows.fetchall()]
        return found

    def between(
        self, scope: Scope, start: float, end: float, active: bool, most: int, after: tuple[float, int] | None
    ) -> list[tuple[tuple[float, int], Found]]:
        """The traces that began from `start` until before `end`, or with `active` those that had a segment then; the
        newest first, at most so many, each with its place; those after that of `after`."""
        at, number = after or (float("inf"), 0)
        rows = self._db.execute(_ACTIVE if active else _BEGUN, (*scope, end, start, at, number, most)).fetchall()
        return [
            ((at, number), Found(id_, self._documents(number), bool(exceeded))) for number, id_, exceeded, at in rows
        ]

    def _documents(self, number: int) -> list[bytes]:
        rows = self._db.execute("SELECT document FROM segments WHERE trace = ? ORDER BY number", (number,))
        return [document for (document,) in rows]

    def bytes(self) -> int:
        """Of all documents."""
        [(size,)] = self._db.execute("SELECT coalesce(sum(bytes), 0) FROM traces").fetchall()
        return int(size)

    def sweep(self, now: float, most_bytes: int) -> int:
        """Forget what is too old; then, if there is too much, the oldest. Answers how many traces went for the room."""
        while self._forget(now - KEPT_SECONDS):
            pass
        gone = 0
        while self.bytes() > most_bytes:
            gone += self._forget(float("inf"))
        return gone

    def _forget(self, before: float) -> int:
        """The oldest of those whose last segment ended before that moment."""
        with Transaction(self._db):
            numbers = self._db.execute(_OLDEST, (before, SWEPT_AT_ONCE)).fetchall()
            self._db.executemany("DELETE FROM segments WHERE trace = ?", numbers)
            self._db.executemany("DELETE FROM traces WHERE number = ?", numbers)
        return len(numbers)


def began(trace: str, start: float) -> float:
    """When a trace began, as its id says (seconds since 1970); when it says a time that can't be, that of a segment."""
    said = float(int(trace[2:10], 16))
    return said if 0 <= start - said < KEPT_SECONDS or 0 <= said - start < DAY else start


_TABLES = (
    "CREATE TABLE IF NOT EXISTS traces (number INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT, region TEXT, id TEXT, "
    "began REAL, start REAL, last REAL, bytes INTEGER, exceeded INTEGER DEFAULT 0, UNIQUE (account, region, id))",
    "CREATE INDEX IF NOT EXISTS traces_began ON traces (account, region, began)",
    "CREATE INDEX IF NOT EXISTS traces_start ON traces (account, region, start)",
    "CREATE INDEX IF NOT EXISTS traces_last ON traces (last)",
    "CREATE TABLE IF NOT EXISTS segments (number INTEGER PRIMARY KEY, trace INTEGER, document BLOB)",
    "CREATE INDEX IF NOT EXISTS segments_trace ON segments (trace)",
)
_TOUCH = (
    "INSERT INTO traces (account, region, id, began, start, last, bytes) VALUES (?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (account, region, id) DO UPDATE SET start = min(start, excluded.start), "
    "last = max(last, excluded.last), bytes = bytes + excluded.bytes RETURNING number, bytes"
)
_BEGUN = (
    "SELECT number, id, exceeded, began FROM traces WHERE account = ? AND region = ? AND began < ? AND began >= ? "
    "AND (began, number) < (?, ?) ORDER BY began DESC, number DESC LIMIT ?"
)
_ACTIVE = (
    "SELECT number, id, exceeded, start FROM traces WHERE account = ? AND region = ? AND start < ? AND last >= ? "
    "AND (start, number) < (?, ?) ORDER BY start DESC, number DESC LIMIT ?"
)
_OLDEST = "SELECT number FROM traces WHERE last < ? ORDER BY last LIMIT ?"
