"""What is particular to a PostgreSQL: who has it, and what follows when a session is lost."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import psycopg
import pytest

from lambent.model.scope import Scope
from lambent.server import reset
from lambent.settings import load
from lambent.store.errors import RecordChanged, StoreElsewhere, StoreTaken, StoreUnreachable
from lambent.store.open import Store, open_store
from lambent.store.resources import Resource
from lambent.store.stream_records import RecordRow, StreamRecords

SCOPE = Scope("111111111111", "eu-west-1")
Database = Callable[[], str]


def setting(url: str, folder: Path) -> str:
    """What the setting makes of a URL."""
    read = load({"database": url}, {}, folder).database
    assert read is not None
    return read


async def use(folder: Path, url: str, work: Callable[[Store], Awaitable[None]]) -> None:
    """Open a store, work with it, close it."""
    store = await open_store(folder / "data", setting(url, folder))
    try:
        await work(store)
    finally:
        await store.close()


def resource(name: str, revision: str = "r1", **document: str) -> Resource:
    return Resource("thing", SCOPE, "", name, revision, document)


def end_sessions(url: str) -> None:
    """What a restart of the database does to everybody."""
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_resources_and_records_last_whatever_they_say(tmp_path: Path, database: Database) -> None:
    url, odd = database(), "a\x00b\x01\x02ü"

    async def write(store: Store) -> None:
        await store.resources.insert(resource("one", text=odd))
        await StreamRecords(store.database).write([RecordRow(1, 0, 5, 2.5, odd, b"\0")], lambda: None, lambda: None)

    async def read(store: Store) -> None:
        found = store.resources.get("thing", SCOPE, "", "one")
        assert found is not None and found.document == {"text": odd}
        assert await StreamRecords(store.database).read(1, 0, 0, 0.0, 9, 99) == [RecordRow(1, 0, 5, 2.5, odd, b"\0")]

    asyncio.run(use(tmp_path, url, write))
    asyncio.run(use(tmp_path, url, read))


def test_one_server_has_it(tmp_path: Path, database: Database) -> None:
    url = database()

    async def second(_store: Store) -> None:
        with pytest.raises(StoreTaken, match="another lambent uses the database"):
            await open_store(tmp_path / "other", setting(url, tmp_path))

    asyncio.run(use(tmp_path, url, second))


def test_a_lost_session_is_made_anew(tmp_path: Path, database: Database) -> None:
    url = database()

    async def work(store: Store) -> None:
        end_sessions(url)
        await store.resources.insert(resource("one"))
        assert store.resources.get("thing", SCOPE, "", "one") is not None

    asyncio.run(use(tmp_path, url, work))


def test_who_lost_it_to_another_server_writes_no_more(tmp_path: Path, database: Database) -> None:
    url = database()

    async def work(store: Store) -> None:
        end_sessions(url)
        other = await open_store(tmp_path / "other", setting(url, tmp_path))
        with pytest.raises(StoreTaken):
            await store.resources.insert(resource("one"))
        await other.close()
        with pytest.raises(StoreTaken, match="has used the database meanwhile: start this one again"):
            await store.resources.insert(resource("one"))
        assert store.resources.get("thing", SCOPE, "", "one") is None

    asyncio.run(use(tmp_path, url, work))


def test_a_revision_is_checked_where_it_lies(tmp_path: Path, database: Database) -> None:
    url = database()

    async def work(store: Store) -> None:
        old = resource("one", text="mine")
        await store.resources.insert(old)
        with psycopg.connect(url, autocommit=True) as session:
            session.execute("UPDATE resources SET revision = 'theirs', document = '{}'")
        with pytest.raises(RecordChanged):
            await store.resources.replace(old, resource("one", "r2"))
        found = store.resources.get("thing", SCOPE, "", "one")
        assert found is not None and (found.revision, found.document) == ("theirs", {})

    asyncio.run(use(tmp_path, url, work))


def test_a_server_that_does_not_answer_is_named_without_the_password(tmp_path: Path) -> None:
    url = "postgresql+psycopg://me:secret@127.0.0.1:1/state"
    with pytest.raises(StoreUnreachable, match="refused") as raised:
        asyncio.run(open_store(tmp_path, url))
    assert "secret" not in str(raised.value)


def test_a_folder_keeps_to_its_database_until_both_are_emptied(tmp_path: Path, database: Database) -> None:
    url, other = database(), database()

    async def write(store: Store) -> None:
        await store.resources.insert(resource("one"))

    async def gone(store: Store) -> None:
        assert store.resources.get("thing", SCOPE, "", "one") is None

    asyncio.run(use(tmp_path, url, write))
    for elsewhere in (None, setting(other, tmp_path)):
        with pytest.raises(StoreElsewhere, match="its state is in postgresql://"):
            asyncio.run(open_store(tmp_path / "data", elsewhere))
    reset.reset(tmp_path / "data", setting(url, tmp_path))
    assert not (tmp_path / "data").exists()
    asyncio.run(use(tmp_path, url, gone))
