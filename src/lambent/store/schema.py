"""The tables, and the version of all that a data folder holds, which is kept in one of them.

It is raised by whatever could not be read by the Lambent before: tables, documents in them, files beside them.
"""

import sqlalchemy as sa

from lambent import __version__
from lambent.store.columns import WORDS
from lambent.store.errors import StoreBroken, StoreTooNew, StoreTooOld

VERSION = 1
OLDEST = 1
"""The earliest version that this Lambent can read."""

metadata = sa.MetaData()

settings = sa.Table(
    "settings",
    metadata,
    sa.Column("name", WORDS, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

functions = sa.Table(
    "functions",
    metadata,
    sa.Column("account", WORDS, primary_key=True),
    sa.Column("region", WORDS, primary_key=True),
    sa.Column("name", WORDS, primary_key=True),
    sa.Column("version", WORDS, primary_key=True),
    sa.Column("revision", WORDS, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

tags = sa.Table(
    "tags",
    metadata,
    sa.Column("account", WORDS, primary_key=True),
    sa.Column("region", WORDS, primary_key=True),
    sa.Column("resource", WORDS, primary_key=True),
    sa.Column("key", WORDS, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

resources = sa.Table(
    "resources",
    metadata,
    sa.Column("kind", WORDS, primary_key=True),
    sa.Column("account", WORDS, primary_key=True),
    sa.Column("region", WORDS, primary_key=True),
    sa.Column("parent", WORDS, primary_key=True),
    sa.Column("name", WORDS, primary_key=True),
    sa.Column("function", WORDS, nullable=False, index=True),
    sa.Column("revision", WORDS, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Everything but functions, one document a row. `function` names the function that it goes with, or is empty."""


def prepare(connection: sa.Connection) -> None:
    """Make the tables if they are not there, in state that this Lambent can read.

    Raises StoreTooNew, StoreTooOld, StoreBroken; nothing was changed then.
    """
    known = _check(connection) if sa.inspect(connection).has_table(settings.name) else False
    metadata.create_all(connection)
    for index in (one for table in metadata.tables.values() for one in table.indexes):
        index.create(connection, checkfirst=True)  # a table of an earlier version may lack it
    if not known:
        rows = [{"name": "schema", "value": str(VERSION)}, {"name": "made_by", "value": __version__}]
        connection.execute(settings.insert(), rows)


def _check(connection: sa.Connection) -> bool:
    """Whether the state says its version."""
    said = {row.name: row.value for row in connection.execute(sa.select(settings))}
    found = said.get("schema")
    if found is None:
        return False
    maker = f" (Lambent {said['made_by']})" if "made_by" in said else ""
    if not found.isdecimal():
        raise StoreBroken(f"the state says no version but {found!r}: {_ELSE}")
    if int(found) > VERSION:
        raise StoreTooNew(
            f"its data is of version {found}{maker}, Lambent {__version__} knows {VERSION}: use a later one, or {_ELSE}"
        )
    if int(found) < OLDEST:
        raise StoreTooOld(
            f"its data is of version {found}{maker}, Lambent {__version__} reads {OLDEST} and later: "
            f"use an earlier one, or {_ELSE}"
        )
    return True


_ELSE = "another --data-dir, or empty this one (`lambent reset`)"
