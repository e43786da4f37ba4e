"""The events of archives on disk, by archive and time.

Writes are group commits; memory holds nothing of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from lambent.store import schema
from lambent.store.columns import NUMBER, WORDS
from lambent.store.database import Database
from lambent.store.group_commit import GroupCommit

table = sa.Table(
    "archived_events",
    schema.metadata,
    sa.Column("number", NUMBER, primary_key=True),
    sa.Column("archive", WORDS, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("arrived", sa.Float, nullable=False),
    sa.Column("document", sa.LargeBinary, nullable=False),
    sa.Index("archived_events_by_time", "archive", "at", "number"),
)

_T = table.c

Place = tuple[float, int]
"""A time of an event (seconds since 1970) and its number: where a reader is."""
START: Place = (float("-inf"), 0)


@dataclass(frozen=True, slots=True)
class Archived:
    """An event of an archive (its uid): `at` is the event's time, `arrived` when it came (seconds since 1970), and
    `document` its JSON."""

    archive: str
    at: float
    arrived: float
    document: bytes


class Archives:
    """All events of all archives."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._commit: GroupCommit[Sequence[Archived]] = GroupCommit(database, _write)

    async def add(self, events: Sequence[Archived]) -> None:
        """Come back when they are on disk. Raises StoreError."""
        if events:
            await self._commit.write(events)

    async def page(
        self, archive: str, behind: Place, since: float, until: float, count: int
    ) -> list[tuple[Place, bytes]]:
        """Up to `count` events behind a place, of times from `since` to before `until`, the earliest first."""
        return await self._database.run(lambda c: _select(c, archive, behind, since, until, count))

    async def counts(self, archive: str) -> tuple[int, int]:
        """How many events an archive has, and of how many bytes."""
        query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(sa.func.length(_T.document)), 0))
        row = await self._database.run(lambda c: c.execute(query.where(_T.archive == archive)).one())
        return int(row[0]), int(row[1])

    async def drop(self, archive: str, before: float = float("inf")) -> None:
        """Delete the events of an archive that came before a time, or all."""
        where = (_T.archive == archive) & (_T.arrived < before) if before != float("inf") else _T.archive == archive
        await self._database.run(lambda c: c.execute(table.delete().where(where)) and None)

    async def close(self) -> None:
        """Finish the writes under way."""
        await self._commit.close()


def _write(connection: sa.Connection, groups: Sequence[Sequence[Archived]]) -> None:
    rows = [
        {"archive": one.archive, "at": one.at, "arrived": one.arrived, "document": one.document}
        for group in groups
        for one in group
    ]
    connection.execute(table.insert(), rows)


def _select(
    connection: sa.Connection, archive: str, behind: Place, since: float, until: float, count: int
) -> list[tuple[Place, bytes]]:
    at, number = behind
    later = (_T.at > at) | ((_T.at == at) & (_T.number > number)) if number else sa.true()
    query = (
        sa.select(_T.at, _T.number, _T.document)
        .where((_T.archive == archive) & (_T.at >= since) & (_T.at < until) & later)
        .order_by(_T.at, _T.number)
        .limit(count)
    )
    return [((row.at, row.number), row.document) for row in connection.execute(query)]
