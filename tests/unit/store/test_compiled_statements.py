"""Statements that SQLite gets without SQLAlchemy's execution do what SQLAlchemy's would."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from lambent.store.columns import WORDS
from lambent.store.database import Database
from lambent.store.errors import StoreBroken
from lambent.store.statements import Among, Statement

_METADATA = sa.MetaData()
_TABLE = sa.Table(
    "things",
    _METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", WORDS, nullable=False),
    sa.Column("there", sa.Boolean, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=True),
    sa.Column("at", sa.Double, nullable=False),
)
_T = _TABLE.c
INSERT = Statement(_TABLE.insert())
RENAME = Statement(_TABLE.update().where(_T.number == sa.bindparam("of")))
DELETE = Statement(_TABLE.delete().where((_T.number == sa.bindparam("of")) & (_T.at > 0)))
BEHIND = Statement(sa.select(_TABLE).where(_T.number > sa.bindparam("after")).order_by(_T.number).limit(2))
NAMED = Among(sa.select(_T.number, _T.name).order_by(_T.number), _T.name)


def row(number: int, **more: Any) -> dict[str, Any]:
    return {"number": number, "name": f"n{number}", "there": bool(number % 2), "data": b"\0x", "at": 1.5, **more}


def with_things(work: Callable[[sa.Connection], Any], folder: Path, count: int = 5) -> Any:
    """What `work` answers beside so many rows."""

    def filled(connection: sa.Connection) -> Any:
        _METADATA.create_all(connection)
        INSERT.many(connection, [row(number) for number in range(count)])
        return work(connection)

    async def run() -> Any:
        database = Database(f"sqlite:///{folder / 'state.db'}")
        try:
            return await database.run(filled)
        finally:
            await database.close()

    return asyncio.run(run())


def test_rows_come_back_as_they_went(tmp_path: Path) -> None:
    found = with_things(lambda c: BEHIND.found(c, {"after": 0}), tmp_path)
    assert found == [(1, "n1", True, b"\0x", 1.5), (2, "n2", False, b"\0x", 1.5)]
    assert [type(value) for value in found[0]] == [int, str, bool, bytes, float]


def test_a_change_tells_how_many_rows_it_met(tmp_path: Path) -> None:
    def work(connection: sa.Connection) -> list[object]:
        renamed = RENAME.many(connection, [{"of": 1, "name": "a"}, {"of": 99, "name": "b"}])
        gone = DELETE.many(connection, [{"of": 2}, {"of": 3}])
        return [renamed, gone, connection.execute(sa.select(_T.number, _T.name).order_by(_T.number)).all()]

    assert with_things(work, tmp_path) == [1, 2, [(0, "n0"), (1, "a"), (4, "n4")]]


def test_nothing_is_carried_out_for_no_row(tmp_path: Path) -> None:
    assert with_things(lambda c: (INSERT.many(c, []), NAMED.found(c, [])), tmp_path) == (0, [])


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 511, 512, 513, 1_100])
def test_what_is_among_many_is_found_once(tmp_path: Path, count: int) -> None:
    asked = [f"n{number}" for number in range(count)]
    found = with_things(lambda c: NAMED.found(c, asked), tmp_path, 1_200)
    assert found == [(number, f"n{number}") for number in range(count)]


def test_names_of_columns(tmp_path: Path) -> None:
    assert with_things(lambda c: NAMED.named(c, ["n4"]), tmp_path) == [{"number": 4, "name": "n4"}]


def test_a_type_that_must_be_converted_is_refused(tmp_path: Path) -> None:
    spelt = sa.Table("spelt", sa.MetaData(), sa.Column("day", sa.Date))
    with pytest.raises(TypeError, match="SQLite's driver"):
        with_things(lambda c: Statement(spelt.insert()).many(c, [{"day": None}]), tmp_path)


def test_what_the_driver_refuses_is_the_stores_error_and_undone(tmp_path: Path) -> None:
    async def run() -> None:
        database = Database(f"sqlite:///{tmp_path / 'state.db'}")
        await database.run(_METADATA.create_all)
        for light in (False, True):
            with pytest.raises(StoreBroken, match="UNIQUE"):
                await database.run(lambda c: INSERT.many(c, [row(1), row(2), row(1)]), light=light)
            assert (
                await database.look(lambda c: c.execute(sa.select(sa.func.count()).select_from(_TABLE)).scalar()) == 0
            )
        await database.run(lambda c: INSERT.many(c, [row(1)]))
        assert await database.look(lambda c: BEHIND.found(c, {"after": 0})) == [(1, "n1", True, b"\0x", 1.5)]
        await database.close()

    asyncio.run(run())
