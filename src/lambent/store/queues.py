"""Queues' messages on disk.

Every change is one item of a group commit: a message that was accepted, a receive (count and deadline) and a deletion
are on disk before they are acknowledged. Contents are read when they are needed; nothing is kept in memory here.
"""

from collections.abc import Callable, Collection, Sequence
from math import inf
from typing import NamedTuple

import sqlalchemy as sa

from lambent.store.database import Database
from lambent.store.group_commit import GroupCommit
from lambent.store.queue_tables import contents as _C
from lambent.store.queue_tables import deduplications as _D
from lambent.store.queue_tables import messages as _M
from lambent.store.statements import Among, Statement

PURGED_ROWS = 1000
"""Rows that go in one transaction."""


class MessageRow(NamedTuple):
    """A message without its content, as `engine.queue_message.Message` has it."""

    queue: int
    seq: int
    sent: float
    visible: float
    receives: int
    first: float
    taken: float
    message_group: str


class DeduplicationRow(NamedTuple):
    """A deduplication id (`key`) that a queue accepted with a message at a time (seconds since 1970)."""

    queue: int
    seq: int
    key: str
    message: str
    accepted: float


class ReceiveRow(NamedTuple):
    """What a receive, or a change of visibility, changes of a message."""

    at_queue: int
    at_seq: int
    visible: float
    receives: int
    first: float
    taken: float


class Place(NamedTuple):
    """What finds a message."""

    at_queue: int
    at_seq: int


class Changes(NamedTuple):
    """One item: all of it happens or none. Messages and their contents (by seq) come, receives change, others go.

    `purges` are queues of which everything up to a seq goes (see `QueueStore.purge`), `forgets` queues of which every
    deduplication id goes that was accepted by a time.
    """

    messages: Sequence[MessageRow] = ()
    contents: Sequence[tuple[int, bytes]] = ()
    deduplications: Sequence[DeduplicationRow] = ()
    receives: Sequence[ReceiveRow] = ()
    deletes: Sequence[Place] = ()
    purges: Sequence[Place] = ()
    forgets: Sequence[tuple[int, float]] = ()


_NOTHING = Changes()


def _nothing() -> None:
    """What is to be done where there is nothing to do."""


_HERE = (_M.c.queue == sa.bindparam("at_queue")) & (_M.c.seq == sa.bindparam("at_seq"))
_TOUCHED = (_M.c.receives > 0) | (_M.c.visible > 0.0)
_INSERT_MESSAGE = Statement(_M.insert())
_INSERT_CONTENT = Statement(_C.insert())
_INSERT_DEDUPLICATION = Statement(_D.insert())
_RECEIVE = Statement(
    _M.update().where(_HERE).values({name: sa.bindparam(name) for name in ("visible", "receives", "first", "taken")})
)
_DELETE_MESSAGE = Statement(_M.delete().where(_HERE))
_DELETE_CONTENT = Statement(_C.delete().where(_C.c.seq == sa.bindparam("at_seq")))
_CONTENTS = Among(sa.select(_C.c.seq, _C.c.document), _C.c.seq)
_FORGET = Statement(
    _D.delete().where((_D.c.queue == sa.bindparam("of_queue")) & (_D.c.accepted <= sa.bindparam("until")))
)


class QueueStore:
    """The messages of all queues."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._commit = GroupCommit(database, _apply, frees=lambda item: bool(item.deletes) or not item.messages)

    async def write(
        self,
        changes: Changes,
        then: Callable[[], None] = _nothing,
        undo: Callable[[], None] = _nothing,
        *,
        light: bool = False,
    ) -> None:
        """Come back when the changes are on disk; `then`, `undo` and `light` see `GroupCommit.write`. Raises
        StoreError."""
        await self._commit.write(changes, then, undo, light=light)

    async def purge(
        self, queue: int, up_to: int, changes: Changes = _NOTHING, then: Callable[[], None] = _nothing
    ) -> None:
        """Everything of a queue up to a seq goes, and `changes` with the last of it: not in one transaction, behind
        which all others would wait, and for which a full disk has no room. `then` see `GroupCommit.write`. Raises
        StoreError: then some of it may be gone."""
        while (some := await self._database.run(lambda c: _at(c, queue, up_to))) is not None:
            await self.write(Changes(purges=[Place(queue, some)]), light=True)
        await self.write(changes._replace(purges=[Place(queue, up_to)]), then)

    def write_soon(self, changes: Changes) -> None:
        """Write changes that nobody waits for."""
        self._commit.write_soon(changes)

    async def load(
        self,
        queue: int,
        after: int = 0,
        most: int = 1 << 30,
        then: Callable[[list[MessageRow]], None] | None = None,
    ) -> list[MessageRow]:
        """The messages of one queue behind a seq, by seq. `then` hears of them in the order of the writes: after those
        that came before, before those that come after."""
        return await self._database.run(lambda connection: _load(connection, queue, after, most), then)

    async def touched(self, queue: int, after: int) -> list[MessageRow]:
        """Those of them that were received, or sent with a delay."""
        return await self._database.run(lambda connection: _load(connection, queue, after, 1 << 30, _TOUCHED))

    async def count(self, queue: int, after: int, then: Callable[[int], None]) -> int:
        """How many messages of one queue are behind a seq; `then` as in `load`."""
        return await self._database.run(lambda connection: _count(connection, queue, after), then)

    async def deduplications(self, queue: int) -> list[DeduplicationRow]:
        """What a queue has accepted of late, by seq."""
        return await self._database.run(lambda connection: _deduplications(connection, queue))

    async def contents(self, seqs: Collection[int]) -> dict[int, bytes]:
        """What messages say, by seq; one that is not there is left out."""
        return await self._database.run(lambda connection: _contents(connection, list(seqs)))

    async def last(self) -> int:
        """The highest seq in use."""
        return await self._database.run(_last)

    async def keep(self, queues: Collection[int]) -> int:
        """Drop what belongs to no queue of these; answers how many messages went."""
        astray = await self._database.run(lambda connection: _astray(connection, set(queues)))
        for queue in astray:
            await self.purge(queue, 1 << 62, Changes(forgets=[(queue, inf)]))
        return sum(astray.values())

    async def close(self) -> None:
        """Finish the writes under way."""
        await self._commit.close()


def _apply(connection: sa.Connection, items: Sequence[Changes]) -> None:
    """One statement for each kind of change.

    The kinds' order stands for the items': nothing is received or deleted before the commit that brought it, and a
    purge names its last message.
    """
    _INSERT_MESSAGE.many(connection, [row._asdict() for item in items for row in item.messages])
    rows = [{"seq": seq, "document": document} for item in items for seq, document in item.contents]
    _INSERT_CONTENT.many(connection, rows)
    _INSERT_DEDUPLICATION.many(connection, [row._asdict() for item in items for row in item.deduplications])
    _RECEIVE.many(connection, [row._asdict() for item in items for row in item.receives])
    gone = [row._asdict() for item in items for row in item.deletes]
    _DELETE_MESSAGE.many(connection, gone)
    _DELETE_CONTENT.many(connection, [{"at_seq": row["at_seq"]} for row in gone])
    for item in items:
        for queue, up_to in item.purges:
            _purge(connection, (_M.c.queue == queue) & (_M.c.seq <= up_to))
        for queue, accepted in item.forgets:
            _FORGET.many(connection, [{"of_queue": queue, "until": accepted}])


def _purge(connection: sa.Connection, which: sa.ColumnElement[bool]) -> None:
    connection.execute(_C.delete().where(_C.c.seq.in_(sa.select(_M.c.seq).where(which))))
    connection.execute(_M.delete().where(which))


def _at(connection: sa.Connection, queue: int, up_to: int) -> int | None:
    """The seq of the last one of the first `PURGED_ROWS` messages of a queue up to a seq; None when there are fewer."""
    here = (_M.c.queue == queue) & (_M.c.seq <= up_to)
    found: int | None = connection.execute(
        sa.select(_M.c.seq).where(here).order_by(_M.c.seq).limit(1).offset(PURGED_ROWS - 1)
    ).scalar()
    return found


def _load(
    connection: sa.Connection, queue: int, after: int, most: int, which: sa.ColumnElement[bool] | None = None
) -> list[MessageRow]:
    columns = (_M.c[name] for name in MessageRow._fields)
    here = (_M.c.queue == queue) & (_M.c.seq > after)
    found = sa.select(*columns).where(here if which is None else here & which).order_by(_M.c.seq).limit(most)
    return [MessageRow(*row) for row in connection.execute(found)]


def _count(connection: sa.Connection, queue: int, after: int) -> int:
    here = (_M.c.queue == queue) & (_M.c.seq > after)
    return connection.execute(sa.select(sa.func.count()).select_from(_M).where(here)).scalar() or 0


def _deduplications(connection: sa.Connection, queue: int) -> list[DeduplicationRow]:
    columns = (_D.c[name] for name in DeduplicationRow._fields)
    found = sa.select(*columns).where(_D.c.queue == queue).order_by(_D.c.seq)
    return [DeduplicationRow(*row) for row in connection.execute(found)]


def _contents(connection: sa.Connection, seqs: list[int]) -> dict[int, bytes]:
    return dict(_CONTENTS.found(connection, seqs))


def _last(connection: sa.Connection) -> int:
    tables = (_C, _D)
    return max(connection.execute(sa.select(sa.func.max(table.c.seq))).scalar() or 0 for table in tables)


def _astray(connection: sa.Connection, queues: set[int]) -> dict[int, int]:
    """Queues that something is of and that are not among these, and how many messages each has."""
    counts = connection.execute(sa.select(_M.c.queue, sa.func.count()).group_by(_M.c.queue))
    found = dict.fromkeys(connection.execute(sa.select(_D.c.queue).distinct()).scalars(), 0)
    found.update((queue, count) for queue, count in counts)
    return {queue: count for queue, count in found.items() if queue not in queues}
