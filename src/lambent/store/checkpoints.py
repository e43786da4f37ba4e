"""How far each shard of a stream has been read for each event source mapping."""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from lambent.store import schema
from lambent.store.columns import WORDS
from lambent.store.database import Database
from lambent.store.group_commit import GroupCommit
from lambent.store.statements import Statement

table = sa.Table(
    "checkpoints",
    schema.metadata,
    sa.Column("mapping", WORDS, primary_key=True),
    sa.Column("shard", WORDS, primary_key=True),
    sa.Column("sequence", sa.Text, nullable=False),
    sa.Column("since", sa.Double, nullable=False),
    sa.Column("ended", sa.Boolean, nullable=False),
    sa.Column("windows", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)


class Checkpoint(NamedTuple):
    """`sequence` is the last record up to which everything is done, "" for none; then only records that arrived after
    `since` (seconds since 1970) count. `ended`: the shard is closed and all of it is done. `windows` is a document of
    the reader's, on tumbling windows under way."""

    shard: str
    sequence: str = ""
    since: float = 0.0
    ended: bool = False
    windows: str = ""


class _Write(NamedTuple):
    mapping: str
    checkpoint: Checkpoint | None
    """None: it goes."""
    shard: str = ""
    """What goes; everything of the mapping without it."""


class Checkpoints:
    """All checkpoints."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._commit: GroupCommit[_Write] = GroupCommit(database, _apply, frees=lambda _item: True)

    async def load(self, mapping: str) -> dict[str, Checkpoint]:
        """The checkpoints of a mapping, by shard. Raises StoreError."""
        return await self._database.run(lambda connection: _load(connection, mapping))

    async def write(self, mapping: str, checkpoint: Checkpoint) -> None:
        """Come back when it is written; after a power cut it may be an earlier one, so that some is done again. Raises
        StoreError."""
        await self._commit.write(_Write(mapping, checkpoint), light=True)

    async def forget(self, mapping: str) -> None:
        """A mapping is gone. Raises StoreError."""
        await self._commit.write(_Write(mapping, None))

    async def forget_shard(self, mapping: str, shard: str) -> None:
        """A shard is gone. Raises StoreError."""
        await self._commit.write(_Write(mapping, None, shard))

    async def close(self) -> None:
        """Finish the writes under way."""
        await self._commit.close()


_HERE = table.c.mapping == sa.bindparam("of_mapping")
_AT = _HERE & (table.c.shard == sa.bindparam("of_shard"))
_INSERT, _UPDATE = Statement(table.insert()), Statement(table.update().where(_AT))
_DELETE, _DELETE_SHARD = Statement(table.delete().where(_HERE)), Statement(table.delete().where(_AT))


def _apply(connection: sa.Connection, items: Sequence[_Write]) -> None:
    for mapping, checkpoint, shard in items:
        if checkpoint is None:
            gone = {"of_mapping": mapping} | ({"of_shard": shard} if shard else {})
            (_DELETE_SHARD if shard else _DELETE).many(connection, [gone])
            continue
        values = checkpoint._asdict()
        if not _UPDATE.many(connection, [{"of_mapping": mapping, "of_shard": checkpoint.shard, **values}]):
            _INSERT.many(connection, [{"mapping": mapping, **values}])


def _load(connection: sa.Connection, mapping: str) -> dict[str, Checkpoint]:
    columns = (table.c[name] for name in Checkpoint._fields)
    rows = connection.execute(sa.select(*columns).where(table.c.mapping == mapping))
    return {row.shard: Checkpoint(*row) for row in rows}
