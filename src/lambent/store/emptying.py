"""Removing all of the state from a database."""

from lambent.store import (
    archives,
    checkpoints,
    events,
    object_tables,
    pushes,
    queue_tables,
    schema,
    stream_records,
)
from lambent.store.database import open_database

TABLES = (
    *(schema.settings, schema.functions, schema.tags, schema.resources),
    *(archives.table, checkpoints.table, events.table, events.contents, pushes.table, stream_records.table),
    *(queue_tables.messages, queue_tables.contents, queue_tables.deduplications),
    *(
        object_tables.versions,
        object_tables.contents,
        object_tables.uploads,
        object_tables.parts,
        object_tables.notices,
    ),
)
"""Every table there is."""


async def empty(url: str) -> None:
    """Drop every table. Raises StoreError: StoreTaken when a server has the database."""
    database = await open_database(url)
    try:
        await database.run(lambda connection: schema.metadata.drop_all(connection, tables=TABLES))
    finally:
        await database.close()
