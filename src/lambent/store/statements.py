"""Statements that are carried out again and again.

SQLAlchemy takes five times as long for one as SQLite does, in the thread that all changes go through: for SQLite they
are compiled once, and given to its driver as they are. Other databases get them from SQLAlchemy.
"""

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

_DIALECT = sqlite.dialect(paramstyle="named")
_AS_THEY_ARE = (sa.LargeBinary, sa.Boolean, sa.Float)
"""Types whose values SQLAlchemy converts for SQLite's driver, which takes them as they are."""

Row = tuple[Any, ...]
_NONE: Mapping[str, Any] = {}


class _Compiled(NamedTuple):
    """A statement for SQLite: values that it always has, the places of booleans in what it reads."""

    text: str
    fixed: dict[str, Any]
    booleans: tuple[int, ...]


class Statement:
    """One that is made once, as a constant of its module: an INSERT, UPDATE, DELETE or SELECT with named parameters."""

    __slots__ = ("_compiled", "_statement")

    def __init__(self, statement: sa.Insert | sa.Update | sa.Delete | sa.Select[Any]) -> None:
        self._statement = statement
        self._compiled: _Compiled | None = None

    def many(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Carry it out for each of `rows`, which all have the same names; how many rows of the table that met, where
        the database tells. Raises SQLAlchemyError, sqlite3.Error."""
        if not rows:
            return 0
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement, rows).rowcount
        compiled = self._compiled or self._compile(rows[0])
        if compiled.fixed:
            rows = [{**compiled.fixed, **row} for row in rows]
        return int(_driver(connection).executemany(compiled.text, rows).rowcount)

    def found(self, connection: sa.Connection, values: Mapping[str, Any]) -> list[Row]:
        """What a SELECT finds. Raises SQLAlchemyError, sqlite3.Error."""
        if connection.dialect.name != "sqlite":
            return [tuple(row) for row in connection.execute(self._statement, values)]
        compiled = self._compiled or self._compile(values)
        found: list[Row] = _driver(connection).execute(compiled.text, {**compiled.fixed, **values}).fetchall()
        return [_with_booleans(row, compiled.booleans) for row in found] if compiled.booleans else found

    def _compile(self, values: Iterable[str]) -> _Compiled:
        """Raises TypeError for a type that SQLite's driver does not take."""
        names = list(values)
        compiled = self._statement.compile(dialect=_DIALECT, column_keys=names)
        fixed = {name: value for name, value in compiled.params.items() if name not in names}
        kinds = [bind.type for bind in compiled.binds.values()]
        read = self._statement.selected_columns if isinstance(self._statement, sa.Select) else ()
        for kind in (*kinds, *(column.type for column in read)):
            _require_plain(kind)
        booleans = tuple(at for at, column in enumerate(read) if isinstance(column.type, sa.Boolean))
        self._compiled = _Compiled(str(compiled), fixed, booleans)
        return self._compiled


class Among:
    """A SELECT of what has one of some values in a column, in the order of the database."""

    MOST = 512
    """Values that are asked for at once; SQLite's older limit of variables is 999."""

    def __init__(self, select: sa.Select[Any], column: sa.ColumnElement[Any]) -> None:
        self._select = select
        self._column = column
        self._of = functools.cache(self._make)

    def found(self, connection: sa.Connection, keys: Sequence[Any], values: Mapping[str, Any] = _NONE) -> list[Row]:
        """What is found for `keys`, `MOST` of them after another. Raises SQLAlchemyError, sqlite3.Error."""
        rows: list[Row] = []
        for start in range(0, len(keys), self.MOST):
            those = keys[start : start + self.MOST]
            count = 1 << (len(those) - 1).bit_length()
            named = {f"key{at}": those[min(at, len(those) - 1)] for at in range(count)}
            rows += self._of(count).found(connection, {**named, **values})
        return rows

    def named(self, connection: sa.Connection, keys: Sequence[Any]) -> list[dict[str, Any]]:
        """The same by the names of the columns."""
        names = self._select.selected_columns.keys()
        return [dict(zip(names, row, strict=True)) for row in self.found(connection, keys)]

    def _make(self, count: int) -> Statement:
        """For so many, a power of two: the last one stands for those that are missing."""
        names = [sa.bindparam(f"key{at}", type_=self._column.type) for at in range(count)]
        return Statement(self._select.where(self._column.in_(names)))


def _require_plain(kind: sa.types.TypeEngine[Any]) -> None:
    of_sqlite = kind.dialect_impl(_DIALECT)
    converts = of_sqlite.bind_processor(_DIALECT) or of_sqlite.result_processor(_DIALECT, None)
    if converts and not isinstance(kind, _AS_THEY_ARE):
        raise TypeError(f"{kind!r} is not what SQLite's driver takes and gives")


def _driver(connection: sa.Connection) -> Any:
    return connection.connection.dbapi_connection


def _with_booleans(row: Row, places: tuple[int, ...]) -> Row:
    for at in places:
        row = (*row[:at], bool(row[at]), *row[at + 1 :])
    return row
