"""Files of objects that nothing uses are found at a start without looking at all contents, also in an older state."""

import asyncio
import sqlite3
from pathlib import Path

from lambent.store.object_tables import UNUSED_FILES
from lambent.store.open import open_store


async def found(folder: Path) -> list[int]:
    store = await open_store(folder)
    try:
        return sorted(await store.objects.unused_files())
    finally:
        await store.close()


def test_they_are_found_by_an_index(tmp_path: Path) -> None:
    assert asyncio.run(found(tmp_path)) == []
    with sqlite3.connect(tmp_path / "state.db") as connection:
        rows = [(1, 0, None), (2, 1, None), (3, 0, b"x"), (4, 2, b"x"), (5, -1, None)]
        connection.executemany("INSERT INTO object_contents VALUES (?, ?, ?)", rows)
        connection.execute("DROP INDEX object_contents_unused")  # as it was before there was one
    connection.close()
    assert asyncio.run(found(tmp_path)) == [1, 5]
    with sqlite3.connect(tmp_path / "state.db") as connection:
        asked = f"EXPLAIN QUERY PLAN SELECT number FROM object_contents WHERE {UNUSED_FILES}"
        assert "object_contents_unused" in str(connection.execute(asked).fetchall())
    connection.close()
