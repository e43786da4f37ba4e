"""Documents by kind and key: durable, guarded, removed with their function."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from lambent.model.scope import Scope
from lambent.store.errors import RecordChanged, RecordExists
from lambent.store.open import Store, open_store
from lambent.store.record import FunctionRecord
from lambent.store.resources import Resource

SCOPE = Scope("111111111111", "eu-west-1")
ELSEWHERE = Scope("222222222222", "eu-west-1")


def alias(name: str, revision: str = "r1", parent: str = "f", scope: Scope = SCOPE) -> Resource:
    return Resource("alias", scope, parent, name, revision, {"Name": name, "At": revision}, function=parent)


def with_store(folder: Path, use: Callable[[Store], Awaitable[None]]) -> None:
    async def main() -> None:
        store = await open_store(folder)
        try:
            await use(store)
        finally:
            await store.close()

    asyncio.run(main())


def test_what_was_written_outlives_the_server_and_is_found_in_order(tmp_path: Path) -> None:
    async def write(store: Store) -> None:
        for one in (alias("b"), alias("a"), alias("c", parent="e"), alias("z", scope=ELSEWHERE)):
            await store.resources.insert(one)

    async def read(store: Store) -> None:
        resources = store.resources
        assert [one.name for one in resources.children("alias", SCOPE, "f")] == ["a", "b"]
        assert [one.name for one in resources.all("alias", SCOPE)] == ["c", "a", "b"]
        assert [one.name for one in resources.page("alias", SCOPE, None, 2)] == ["c", "a"]
        assert [one.name for one in resources.page("alias", SCOPE, ("f", "a"), 2)] == ["b"]
        found = resources.get("alias", SCOPE, "f", "a")
        assert found is not None
        assert found.document == {"Name": "a", "At": "r1"}
        assert resources.get("layer", SCOPE, "f", "a") is None

    async def both(store: Store) -> None:
        await write(store)
        await read(store)

    with_store(tmp_path, both)
    with_store(tmp_path, read)


def test_changes_are_guarded_and_all_or_none(tmp_path: Path) -> None:
    async def use(store: Store) -> None:
        resources = store.resources
        first, other = alias("a"), alias("b")
        await resources.insert(first)
        with pytest.raises(RecordExists):
            await resources.insert(alias("a", "r9"))
        second = first.changed("r2", {"Name": "a", "At": "r2"})
        await resources.replace(first, second)
        with pytest.raises(RecordChanged):
            await resources.write(inserts=(other,), replaces=((first, second),))
        with pytest.raises(RecordChanged):
            await resources.delete(first)
        assert [one.document["At"] for one in resources.children("alias", SCOPE, "f")] == ["r2"]
        await resources.delete(second)
        assert resources.all("alias", SCOPE) == []

    with_store(tmp_path, use)


def test_what_belongs_to_a_function_goes_with_it(tmp_path: Path) -> None:
    configuration = {"FunctionName": "f", "CodeSize": 1, "RevisionId": "r1"}

    async def use(store: Store) -> None:
        await store.functions.insert(
            FunctionRecord(SCOPE, "f", "$LATEST", 1.0, "0" * 64, "d", configuration, ("1" * 64,))
        )
        assert store.functions.codes() == {"0" * 64, "1" * 64}
        await store.resources.insert(alias("a"))
        await store.resources.insert(alias("a", parent="g"))
        await store.functions.delete(SCOPE, "f")
        assert [one.parent for one in store.resources] == ["g"]
        assert store.functions.codes() == set()

    async def again(store: Store) -> None:
        assert [one.parent for one in store.resources] == ["g"]

    with_store(tmp_path, use)
    with_store(tmp_path, again)


def test_many_are_deleted_at_once_or_none_is(tmp_path: Path) -> None:
    async def use(store: Store) -> None:
        resources = store.resources
        many = [alias(f"a{number}") for number in range(5)]
        await resources.write(inserts=many)
        stale = alias("a3", revision="r0")
        with pytest.raises(RecordChanged):
            await resources.write(deletes=[*many[:3], stale])
        assert resources.all("alias", SCOPE) == many
        await resources.write(deletes=many[1:4])
        assert [one.name for one in resources.all("alias", SCOPE)] == ["a0", "a4"]

    async def read(store: Store) -> None:
        assert [one.name for one in store.resources.all("alias", SCOPE)] == ["a0", "a4"]

    with_store(tmp_path, use)
    with_store(tmp_path, read)
