"""Asynchronous events on disk, from their acceptance to their end.

Writes are group commits: an event is acknowledged when its transaction is. Contents are read when they are to be run;
nothing is kept in memory here, however many events wait.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from lambent.model.async_event import AsyncEvent, Attempts
from lambent.model.scope import Scope
from lambent.store import schema
from lambent.store.columns import NUMBER, WORDS
from lambent.store.database import Database
from lambent.store.group_commit import GroupCommit
from lambent.store.statements import Among, Statement
from lambent.store.window import choose

table = sa.Table(
    "async_events",
    schema.metadata,
    sa.Column("number", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("account", WORDS, nullable=False),
    sa.Column("region", WORDS, nullable=False),
    sa.Column("function", WORDS, nullable=False),
    sa.Column("qualifier", WORDS, nullable=False),
    sa.Column("request_id", WORDS, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("payload", sa.LargeBinary),
    sa.Column("trace_id", sa.Text, nullable=False),
    sa.Column("client_context", sa.Text),
    sa.Column("accepted", sa.Float, nullable=False),
    sa.Column("due", sa.Float, nullable=False),
    sa.Column("errors", sa.Integer, nullable=False),
    sa.Column("waits", sa.Integer, nullable=False),
    sa.Column("invocations", sa.Integer, nullable=False),
    sa.Index("async_events_by_function", "account", "region", "function", "due", "number"),
)

contents = sa.Table(
    "async_event_contents",
    schema.metadata,
    sa.Column("number", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
)
"""The payloads that are large: a row is written as a whole when an event is tried again."""

LARGE = 2048
"""Bytes."""

_T, _C = table.c, contents.c
_AT: sa.BindParameter[int] = sa.bindparam("at")
_INSERT, _INSERT_CONTENT = Statement(table.insert()), Statement(contents.insert())
_RETRY = Statement(table.update().where(_T.number == _AT))
_REMOVE = Statement(table.delete().where(_T.number == _AT))
_REMOVE_CONTENT = Statement(contents.delete().where(_C.number == _AT))
_OF_FUNCTION = Statement(
    sa.select(_T.number, _T.due, _T.size)
    .where(
        (_T.account == sa.bindparam("of_account"))
        & (_T.region == sa.bindparam("of_region"))
        & (_T.function == sa.bindparam("of_function"))
    )
    .order_by(_T.due, _T.number)
    .limit(sa.bindparam("most"))
)
_ROWS = Among(sa.select(table), _T.number)
_PAYLOADS = Among(sa.select(_C.number, _C.payload), _C.number)


@dataclass(frozen=True, slots=True)
class Insert:
    """An event was accepted. A `light` one need not wait for the disk."""

    event: AsyncEvent
    light: bool = False


@dataclass(frozen=True, slots=True)
class Retry:
    """An event was tried, and is to be tried again."""

    number: int
    attempts: Attempts


@dataclass(frozen=True, slots=True)
class Remove:
    """An event has ended."""

    event: AsyncEvent

    @property
    def number(self) -> int:
        """What finds it."""
        return self.event.number

    @property
    def large(self) -> bool:
        """Whether its payload lies apart."""
        return _is_large(self.event)


Change = Insert | Retry | Remove


@dataclass(frozen=True, slots=True)
class Waiting:
    """A function's events: how many there are, when the first one falls due."""

    scope: Scope
    function: str
    count: int
    due: float


@dataclass(frozen=True, slots=True)
class Due:
    """Events that are due, the oldest first, and when the next one behind them falls due (None: there is none)."""

    events: list[AsyncEvent]
    following: float | None


class Events:
    """All events of all functions."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._commit: GroupCommit[Change] = GroupCommit(
            database, _write, frees=lambda change: not isinstance(change, Insert)
        )

    def write(self, change: Change, then: Callable[[], None], failed: Callable[[Exception], None]) -> None:
        """Call `then` when `change` is on disk, or `failed` with the StoreError: then it is not. What became of an
        event that was accepted does not wait for the disk: a power cut may have it handled once more."""
        light = change.light if isinstance(change, Insert) else True
        self._commit.write_then(change, then, failed, light=light)

    async def last(self) -> int:
        """The greatest number there is, 0 for none."""
        return await self._database.run(lambda c: c.execute(sa.select(sa.func.max(_T.number))).scalar() or 0)

    async def waiting(self, now: float) -> list[Waiting]:
        """Every function that has events; at the start. Events accepted under a clock that was ahead of `now` count
        from now on."""
        return await self._database.run(lambda c: _select_waiting(c, now))

    async def due(
        self, scope: Scope, function: str, now: float, count: int, room: int, besides: Collection[int]
    ) -> Due:
        """Up to `count` events of a function that are due, in all no more than `room` bytes but for the first one;
        not those whose numbers are in `besides`."""
        return await self._database.run(lambda c: _select_due(c, scope, function, now, count, room, besides))

    async def close(self) -> None:
        """Finish the writes under way."""
        await self._commit.close()


def _write(connection: sa.Connection, changes: Sequence[Change]) -> None:
    inserts = [_row(one.event) for one in changes if isinstance(one, Insert)]
    removals = [{"at": one.number} for one in changes if isinstance(one, Remove)]
    emptied = [{"at": one.number} for one in changes if isinstance(one, Remove) and one.large]
    retries = [_tried(one) for one in changes if isinstance(one, Retry)]
    large = [_content(one.event) for one in changes if isinstance(one, Insert) and _is_large(one.event)]
    _INSERT.many(connection, inserts)
    _INSERT_CONTENT.many(connection, large)
    _RETRY.many(connection, retries)
    _REMOVE.many(connection, removals)
    _REMOVE_CONTENT.many(connection, emptied)


def _row(event: AsyncEvent) -> dict[str, object]:
    attempts = event.attempts
    return {
        "number": event.number,
        "account": event.scope.account,
        "region": event.scope.region,
        "function": event.function,
        "qualifier": event.qualifier,
        "request_id": event.request_id,
        "size": len(event.payload),
        "payload": None if _is_large(event) else event.payload,
        "trace_id": event.trace_id,
        "client_context": event.client_context,
        "accepted": attempts.accepted,
        "due": attempts.due,
        "errors": attempts.errors,
        "waits": attempts.waits,
        "invocations": attempts.invocations,
    }


def _is_large(event: AsyncEvent) -> bool:
    return len(event.payload) > LARGE


def _content(event: AsyncEvent) -> dict[str, object]:
    return {"number": event.number, "payload": event.payload}


def _tried(retry: Retry) -> dict[str, object]:
    attempts = retry.attempts
    return {
        "at": retry.number,
        "accepted": attempts.accepted,
        "due": attempts.due,
        "errors": attempts.errors,
        "waits": attempts.waits,
        "invocations": attempts.invocations,
    }


def _select_waiting(connection: sa.Connection, now: float) -> list[Waiting]:
    ahead = table.update().where(_T.accepted > now)
    connection.execute(ahead.values(due=_T.due - (_T.accepted - now), accepted=now))
    query = sa.select(_T.account, _T.region, _T.function, sa.func.count(), sa.func.min(_T.due)).group_by(
        _T.account, _T.region, _T.function
    )
    return [
        Waiting(Scope(account, region), function, count, due)
        for account, region, function, count, due in connection.execute(query)
    ]


def _select_due(
    connection: sa.Connection,
    scope: Scope,
    function: str,
    now: float,
    count: int,
    room: int,
    besides: Collection[int],
) -> Due:
    """Numbers and sizes first: contents that do not fit are not read."""
    of = {"of_account": scope.account, "of_region": scope.region, "of_function": function}
    waiting = _OF_FUNCTION.found(connection, {**of, "most": count + len(besides) + 1})
    chosen, following = choose(waiting, now, count, room, besides)
    found = {row["number"]: row for row in _ROWS.named(connection, chosen)}
    large = [number for number in chosen if found[number]["payload"] is None]
    payloads: dict[int, bytes] = dict(_PAYLOADS.found(connection, large))
    return Due([_event(found[number], payloads.get(number)) for number in chosen], following)


def _event(said: Mapping[str, Any], large: bytes | None) -> AsyncEvent:
    return AsyncEvent(
        number=said["number"],
        scope=Scope(said["account"], said["region"]),
        function=said["function"],
        qualifier=said["qualifier"],
        request_id=said["request_id"],
        payload=said["payload"] if large is None else large,
        trace_id=said["trace_id"],
        client_context=said["client_context"],
        attempts=Attempts(said["accepted"], said["due"], said["errors"], said["waits"], said["invocations"]),
    )
