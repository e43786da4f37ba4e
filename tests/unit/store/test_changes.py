"""What one server changes reaches another's memory, whichever way the notice goes."""

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa
from test_store import SCOPE, record

from lambent.settings import StartError, load
from lambent.store import schema
from lambent.store.changes import Changed
from lambent.store.emptying import TABLES
from lambent.store.errors import RecordChanged, StoreElsewhere
from lambent.store.open import Store, open_store
from lambent.store.place import Place
from lambent.store.resources import Resource


class Two:
    """Two servers' stores on one database; what the first changes is noted."""

    def __init__(self, first: Store, second: Store) -> None:
        self.first, self.second = first, second
        self.said: list[Changed] = []
        first.database.tell = lambda _connection, changed: self.said.append(changed)

    async def hear(self) -> None:
        """The second one hears all of it."""
        said, self.said = self.said, []
        for changed in said:
            await self.second.heard(changed)


async def open_two(folder: Path) -> Two:
    url = f"sqlite:///{folder / 'shared.db'}"
    return Two(await open_store(folder / "a", url), await open_store(folder / "b", url))


def thing(revision: str = "r1", function: str = "f") -> Resource:
    return Resource("thing", SCOPE, "", "one", revision, {"said": revision}, function)


def test_functions_and_resources_come_change_and_go(tmp_path: Path) -> None:
    async def main() -> None:
        two = await open_two(tmp_path)
        theirs = two.second
        await two.first.functions.insert(record("f"), {"k": "v"}, version=record("f", "p1", "1"))
        await two.first.resources.insert(thing())
        await two.hear()
        assert theirs.functions.tags(SCOPE, "f") == {"k": "v"}
        assert [one.version for one in theirs.functions.versions(SCOPE, "f")] == ["$LATEST", "1"]
        assert theirs.resources.get("thing", SCOPE, "", "one") is not None

        await two.first.functions.replace(record("f"), record("f", "r2"), tags={})
        await two.first.functions.delete_version(record("f", "p1", "1"))
        await two.first.resources.replace(thing(), thing("r2"))
        await two.hear()
        assert [one.revision for one in theirs.functions.versions(SCOPE, "f")] == ["r2"]
        assert theirs.functions.tags(SCOPE, "f") == {}
        there = theirs.resources.get("thing", SCOPE, "", "one")
        assert there is not None and there.document == {"said": "r2"}

        await two.first.functions.delete(SCOPE, "f")
        await two.hear()
        assert (theirs.functions.count(SCOPE), list(theirs.resources)) == (0, [])
        await two.first.close()
        await theirs.close()

    asyncio.run(main())


def test_who_was_overtaken_is_told_and_sees_the_truth(tmp_path: Path) -> None:
    async def main() -> None:
        two = await open_two(tmp_path)
        await two.first.functions.insert(record("f"))
        await two.first.resources.insert(thing())
        await two.hear()
        await two.first.functions.replace(record("f"), record("f", "r2"))
        await two.first.resources.delete(thing())
        with pytest.raises(RecordChanged):
            await two.second.functions.replace(record("f"), record("f", "r3"))
        with pytest.raises(RecordChanged):
            await two.second.resources.replace(thing(), thing("r3"))
        found = two.second.functions.current(SCOPE, "f")
        assert found is not None and found.revision == "r2"
        assert two.second.resources.get("thing", SCOPE, "", "one") is None
        await two.first.close()
        await two.second.close()

    asyncio.run(main())


def test_a_notice_is_part_of_its_change(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)

        def refuse(_connection: sa.Connection, _changed: Changed) -> None:
            raise RecordChanged("nobody can be told")

        store.database.tell = refuse
        with pytest.raises(RecordChanged):
            await store.resources.insert(thing())
        assert list(store.resources) == []
        await store.close()

    asyncio.run(main())


def test_emptying_knows_every_table() -> None:
    assert set(TABLES) == set(schema.metadata.tables.values())


def test_a_folder_remembers_its_database_and_no_password(tmp_path: Path) -> None:
    place, url = Place(tmp_path), "postgresql+psycopg://me:secret@db:5433/state?sslmode=require"
    place.check(url)
    place.mark(url)
    place.check(url.replace("secret", "other"))
    with pytest.raises(StoreElsewhere, match=r"its state is in postgresql://db:5433/state: say so with the setting"):
        place.check(None)
    with pytest.raises(StoreElsewhere, match=r"not in postgresql://db/state"):
        place.check("postgresql+psycopg://db/state")
    assert "secret" not in (tmp_path / "database").read_text()


def test_a_folder_with_a_state_of_its_own_takes_no_other(tmp_path: Path) -> None:
    (tmp_path / "state.db").touch()
    Place(tmp_path).check(None)
    with pytest.raises(StoreElsewhere, match=r"its state is in state.db: leave the setting database out"):
        Place(tmp_path).check("postgresql+psycopg://db/state")


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_the_setting_names_the_driver(tmp_path: Path, scheme: str) -> None:
    url = "://me:p%40ss@db:5433/state?sslmode=require"
    assert load({"database": scheme + url}, {}, tmp_path).database == "postgresql+psycopg" + url


@pytest.mark.parametrize(
    "url",
    [
        *("mysql://me:secret@db/state", "postgresql://me:secret@db", "state.db"),
        *(
            "postgresql://me:secret@db:port/state",
            "postgresql://me:secret@db:99999/state",
            "postgresql://me:secret@[db/s",
        ),
    ],
)
def test_another_database_is_refused_without_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(StartError, match="a PostgreSQL is needed") as raised:
        load({"database": url}, {}, tmp_path)
    assert "secret" not in str(raised.value)
