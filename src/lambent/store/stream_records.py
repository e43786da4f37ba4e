"""The records of Kinesis streams on disk. What was accepted is there before it is acknowledged."""

from collections.abc import Callable, Collection, Sequence
from math import inf
from typing import NamedTuple

import sqlalchemy as sa

from lambent.store import schema
from lambent.store.columns import WORDS
from lambent.store.database import Database
from lambent.store.group_commit import GroupCommit
from lambent.store.statements import Statement

table = sa.Table(
    "stream_records",
    schema.metadata,
    sa.Column("stream", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("arrived", sa.Double, nullable=False),
    sa.Column("key", WORDS, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
_T = table.c
_INSERT = Statement(table.insert())


class RecordRow(NamedTuple):
    """One record; `stream` is the stream's number, `seq` its place in the order of all records."""

    stream: int
    shard: int
    seq: int
    arrived: float
    key: str
    data: bytes


TRIM_ROWS = 5_000
"""Rows that go in one transaction, so that nobody waits long behind it."""


class StreamRecords:
    """The records of all streams."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._commit: GroupCommit[Sequence[RecordRow]] = GroupCommit(database, _apply)

    async def write(self, rows: Sequence[RecordRow], then: Callable[[], None], undo: Callable[[], None]) -> None:
        """Come back when all of them are on disk. Raises StoreError: then none is. One of `then` and `undo` is called
        before, also when the asker was cancelled meanwhile."""
        await self._commit.write(rows, then, undo)

    async def read(
        self, stream: int, shard: int, after: int, oldest: float, most: int, most_bytes: int
    ) -> list[RecordRow]:
        """Up to `most` records of a shard behind a seq that came at `oldest` or later; the one with which they are more
        than `most_bytes` is the last. Raises StoreError."""
        here = (_T.stream == stream) & (_T.shard == shard) & (_T.seq > after) & (_T.arrived >= oldest)
        return await self._database.run(lambda connection: _read(connection, here, most, most_bytes))

    async def first_at(self, stream: int, shard: int, arrived: float) -> int | None:
        """The seq of the first record of a shard that arrived at a time or later."""
        return await self._database.run(lambda connection: _first_at(connection, stream, shard, arrived))

    async def last(self, places: Sequence[tuple[int, int]]) -> int:
        """The highest seq in use in these (stream, shard)."""
        return await self._database.run(lambda connection: max((_last(connection, *at) for at in places), default=0))

    async def trim(self, stream: int, shard: int, arrived: float, rows: int = TRIM_ROWS) -> float:
        """Drop the records of a shard that arrived before `arrived`; answers when the first of the others did, infinity
        when there is none. A transaction looks at so many `rows`. Raises StoreError."""
        first = -inf
        while first < arrived:
            first = await self._database.run(lambda connection: _trim(connection, stream, shard, arrived, rows))
        return first

    async def astray(self, streams: Collection[int]) -> list[tuple[int, int]]:
        """Every (stream, shard) that has records and is of no stream of these. Raises StoreError."""
        return await self._database.run(lambda connection: _places(connection, streams))

    async def drop(self, places: Sequence[tuple[int, int]]) -> None:
        """Drop all records of these (stream, shard). Raises StoreError."""
        for stream, shard in places:
            await self.trim(stream, shard, inf)

    async def close(self) -> None:
        """Finish the writes under way."""
        await self._commit.close()


def _apply(connection: sa.Connection, items: Sequence[Sequence[RecordRow]]) -> None:
    _INSERT.many(connection, [row._asdict() for item in items for row in item])


def _read(connection: sa.Connection, here: sa.ColumnElement[bool], most: int, most_bytes: int) -> list[RecordRow]:
    columns = (_T[name] for name in RecordRow._fields)
    found: list[RecordRow] = []
    size = 0
    with connection.execute(sa.select(*columns).where(here).order_by(_T.seq).limit(most)) as rows:
        for row in rows:
            found.append(RecordRow(*row))
            size += len(found[-1].data)
            if size > most_bytes:
                break
    return found


def _first_at(connection: sa.Connection, stream: int, shard: int, arrived: float) -> int | None:
    """Halves the range again and again: records arrive in their order, and a million of them are not looked through."""
    here = (_T.stream == stream) & (_T.shard == shard)
    low, high = connection.execute(sa.select(sa.func.min(_T.seq), sa.func.max(_T.seq)).where(here)).one()
    found: int | None = None
    while low is not None and low <= high:
        middle = (low + high) // 2
        behind = sa.select(_T.seq, _T.arrived).where(here & (_T.seq >= middle)).order_by(_T.seq).limit(1)
        seq, came = connection.execute(behind).one()
        if came >= arrived:
            found, high = seq, middle - 1
        else:
            low = seq + 1
    return found


def _last(connection: sa.Connection, stream: int, shard: int) -> int:
    here = (_T.stream == stream) & (_T.shard == shard)
    return connection.execute(sa.select(sa.func.max(_T.seq)).where(here)).scalar() or 0


def _trim(connection: sa.Connection, stream: int, shard: int, arrived: float, rows: int) -> float:
    """Drop some, from the first on; when the first that is left arrived, infinity when none is."""
    here = (_T.stream == stream) & (_T.shard == shard)
    in_order = sa.select(_T.seq, _T.arrived).where(here).order_by(_T.seq)
    first = connection.execute(in_order.limit(1)).one_or_none()
    if first is None or first.arrived >= arrived:
        return inf if first is None else float(first.arrived)
    old = [seq for seq, came in connection.execute(in_order.limit(rows)) if came < arrived]
    connection.execute(table.delete().where(here & (_T.seq <= old[-1]) & (_T.arrived < arrived)))
    first = connection.execute(in_order.limit(1)).one_or_none()
    return inf if first is None else float(first.arrived)


def _places(connection: sa.Connection, without: Collection[int]) -> list[tuple[int, int]]:
    """Every (stream, shard) that has records, but of these streams: one look at the index for each."""
    streams = _each(connection, _T.stream, sa.true())
    return [
        (stream, shard)
        for stream in streams
        if stream not in without
        for shard in _each(connection, _T.shard, _T.stream == stream)
    ]


def _each(connection: sa.Connection, column: sa.Column[int], here: sa.ColumnElement[bool]) -> list[int]:
    """The values that a column has, in order: a look for the next one instead of a look at all rows."""
    found: list[int] = []
    while True:
        beyond = here & (column > found[-1]) if found else here
        value = connection.execute(sa.select(sa.func.min(column)).where(beyond)).scalar()
        if value is None:
            return found
        found.append(value)
