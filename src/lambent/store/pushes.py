"""Pushes on disk, from their acceptance to their end.

Writes are group commits: a push is accepted when its transaction is. Each waits in a lane, one of its target's (see
`lane_of`); what is read of a lane is what is due, however much waits.
"""

import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from lambent.model.delivery import Delivery
from lambent.model.push import Push, RetryPolicy, Tries, Waiting
from lambent.model.scope import Scope
from lambent.store import schema
from lambent.store.columns import NUMBER, WORDS
from lambent.store.database import Database
from lambent.store.group_commit import GroupCommit
from lambent.store.statements import Among, Statement
from lambent.store.window import choose

table = sa.Table(
    "pushes",
    schema.metadata,
    sa.Column("number", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("lane", WORDS, nullable=False),
    sa.Column("accepted", sa.Float, nullable=False),
    sa.Column("due", sa.Float, nullable=False),
    sa.Column("began", sa.Float, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Index("pushes_by_lane", "lane", "due", "number"),
)

_T = table.c
_AT: sa.BindParameter[int] = sa.bindparam("at")
_INSERT = Statement(table.insert())
_RETRY = Statement(table.update().where(_T.number == _AT))
_REMOVE = Statement(table.delete().where(_T.number == _AT))
_LANE = sa.select(_T.number, _T.due, _T.size).where(_T.lane == sa.bindparam("of_lane")).limit(sa.bindparam("most"))
_ORDERED, _BY_TIME = Statement(_LANE.order_by(_T.number)), Statement(_LANE.order_by(_T.due, _T.number))
_ROWS = Among(sa.select(table), _T.number)

GROUPS = 64
"""Lanes that the groups of one target share: each keeps its order, and no number of groups makes more lanes."""


def lane_of(push: Push) -> str:
    """Its lane: the target's, for a message of a group one in which everything keeps its order."""
    group = push.delivery.group
    return f"{push.delivery.target}#{zlib.crc32(group.encode()) % GROUPS}" if group else f"{push.delivery.target} "


def is_ordered(lane: str) -> bool:
    """Whether what is in the lane goes one after another."""
    return not lane.endswith(" ")


class Insert(NamedTuple):
    """Pushes were accepted: all of them or none."""

    pushes: Sequence[Waiting]


class Retry(NamedTuple):
    """A push was tried, and is to be tried again."""

    number: int
    tries: Tries


class Remove(NamedTuple):
    """A push has ended."""

    number: int


Change = Insert | Retry | Remove


@dataclass(frozen=True, slots=True)
class Lane:
    """How many pushes wait in a lane, and when the first one falls due."""

    name: str
    count: int
    due: float


@dataclass(frozen=True, slots=True)
class Due:
    """Pushes that are due, and when the next one behind them is (None: there is none)."""

    pushes: list[Waiting]
    following: float | None


class PushStore:
    """All pushes of all services."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._commit: GroupCommit[Change] = GroupCommit(
            database, _write, frees=lambda change: not isinstance(change, Insert)
        )

    async def insert(self, pushes: Sequence[Waiting], then: Callable[[], None], *, light: bool = False) -> None:
        """Come back when they are on disk, `light` ones as `GroupCommit.write` has it; `then` is called after the
        commit, in the order of the writes. Raises StoreError."""
        await self._commit.write(Insert(pushes), then, light=light)

    def write(self, change: Retry | Remove, then: Callable[[], None], failed: Callable[[Exception], None]) -> None:
        """Call `then` when `change` is written, or `failed` with the StoreError: then it is not. It does not wait for
        the disk: what a power cut undoes of it is sent once more."""
        self._commit.write_then(change, then, failed, light=True)

    async def last(self) -> int:
        """The greatest number there is, 0 for none."""
        return await self._database.run(lambda c: c.execute(sa.select(sa.func.max(_T.number))).scalar() or 0)

    async def lanes(self, now: float) -> list[Lane]:
        """Every lane; at the start. Pushes accepted under a clock that was ahead of `now` count from now on."""
        return await self._database.run(lambda c: _select_lanes(c, now))

    async def due(self, lane: str, now: float, count: int, room: int, besides: Collection[int]) -> Due:
        """Up to `count` pushes of a lane that are due, in all no more than `room` bytes but for the first one; none
        whose number is in `besides`. An ordered lane's come by number, and none that is due overtakes one that is
        not; another's by time."""
        return await self._database.run(lambda c: _select_due(c, lane, now, count, room, besides))

    async def close(self) -> None:
        """Finish the writes under way."""
        await self._commit.close()


def _write(connection: sa.Connection, changes: Sequence[Change]) -> None:
    inserts = [_row(one) for change in changes if isinstance(change, Insert) for one in change.pushes]
    retries = [_tried(change) for change in changes if isinstance(change, Retry)]
    removals = [{"at": change.number} for change in changes if isinstance(change, Remove)]
    _INSERT.many(connection, inserts)
    _RETRY.many(connection, retries)
    _REMOVE.many(connection, removals)


def _row(one: Waiting) -> dict[str, object]:
    return {
        "number": one.number,
        "lane": lane_of(one.push),
        "accepted": one.tries.accepted,
        "due": one.tries.due,
        "began": one.tries.began,
        "tries": one.tries.count,
        "size": one.size,
        "document": orjson.dumps(_document(one.push)).decode(),
        "body": one.push.delivery.body,
    }


def _tried(retry: Retry) -> dict[str, object]:
    tries = retry.tries
    return {"at": retry.number, "due": tries.due, "began": tries.began, "tries": tries.count}


def _select_lanes(connection: sa.Connection, now: float) -> list[Lane]:
    back = _T.accepted - now
    began = sa.case((_T.began > 0, _T.began - back), else_=0.0)
    connection.execute(table.update().where(_T.accepted > now).values(due=_T.due - back, began=began, accepted=now))
    query = sa.select(_T.lane, sa.func.count(), sa.func.min(_T.due)).group_by(_T.lane)
    return [Lane(*found) for found in connection.execute(query)]


def _select_due(
    connection: sa.Connection, lane: str, now: float, count: int, room: int, besides: Collection[int]
) -> Due:
    """Numbers and sizes first: contents that do not fit are not read."""
    query = _ORDERED if is_ordered(lane) else _BY_TIME
    waiting = query.found(connection, {"of_lane": lane, "most": count + len(besides) + 1})
    chosen, following = choose(waiting, now, count, room, besides)
    found = {row["number"]: row for row in _ROWS.named(connection, chosen)}
    return Due([_waiting(found[number]) for number in chosen], following)


def _document(push: Push) -> dict[str, Any]:
    """All but the body."""
    delivery = {name: getattr(push.delivery, name) for name in _FIELDS}
    delivery["scope"] = [*push.delivery.scope]
    return {
        "kind": push.kind,
        "delivery": delivery,
        "policy": {name: getattr(push.policy, name) for name in RetryPolicy._fields},
        "dead_letter": push.dead_letter,
        "due": push.due,
        "role": push.role,
        "letter": push.letter,
        "lost": push.lost,
    }


_FIELDS = tuple(name for name in Delivery._fields if name not in ("body", "kept"))


def _waiting(row: Mapping[str, Any]) -> Waiting:
    said = orjson.loads(row["document"])
    there = said["delivery"]
    there["scope"] = Scope(*there["scope"])
    there["attributes"] = {name: (kind, value) for name, (kind, value) in there["attributes"].items()}
    policy = said["policy"]
    longest = float("inf") if policy["longest"] is None else policy["longest"]  # JSON knows no infinity
    push = Push(
        said["kind"],
        Delivery(**there, body=row["body"]),
        RetryPolicy(policy["attempts"], longest, tuple(policy["pauses"])),
        said["dead_letter"],
        said["due"],
        said["role"],
        said.get("letter", ""),
        said.get("lost", ""),
    )
    return Waiting(row["number"], push, Tries(row["accepted"], row["due"], row["began"], row["tries"]))
