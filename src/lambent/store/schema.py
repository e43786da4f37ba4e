"""The tables, and their version."""

import sqlalchemy as sa

from lambent.store.errors import StoreTooNew

VERSION = 1

metadata = sa.MetaData()

settings = sa.Table(
    "settings",
    metadata,
    sa.Column("name", sa.String(128), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

functions = sa.Table(
    "functions",
    metadata,
    sa.Column("account", sa.String(12), primary_key=True),
    sa.Column("region", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(140), primary_key=True),
    sa.Column("version", sa.String(32), primary_key=True),
    sa.Column("revision", sa.String(36), nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

tags = sa.Table(
    "tags",
    metadata,
    sa.Column("account", sa.String(12), primary_key=True),
    sa.Column("region", sa.String(32), primary_key=True),
    sa.Column("resource", sa.String(256), primary_key=True),
    sa.Column("key", sa.String(256), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

resources = sa.Table(
    "resources",
    metadata,
    sa.Column("kind", sa.String(64), primary_key=True),
    sa.Column("account", sa.String(12), primary_key=True),
    sa.Column("region", sa.String(32), primary_key=True),
    sa.Column("parent", sa.String(256), primary_key=True),
    sa.Column("name", sa.String(256), primary_key=True),
    sa.Column("function", sa.String(140), nullable=False, index=True),
    sa.Column("revision", sa.String(36), nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Everything but functions, one document a row. `function` names the function that it goes with, or is empty."""


def prepare(connection: sa.Connection) -> None:
    """Make the tables if they are not there. Raises StoreTooNew for state of a later version."""
    metadata.create_all(connection)
    query = sa.select(settings.c.value).where(settings.c.name == "schema")
    found = connection.execute(query).scalar_one_or_none()
    if found is None:
        connection.execute(settings.insert().values(name="schema", value=str(VERSION)))
    elif int(found) > VERSION:
        raise StoreTooNew(f"the state has schema {found}, this Lambent knows {VERSION}: use a later Lambent")
