"""Writes that share a transaction: their order, their failures, and askers that go away."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from lambent.store.database import Database
from lambent.store.errors import StoreError, StoreFull, StoreLocked
from lambent.store.group_commit import GroupCommit


class Disk:
    """What was written, by transaction; `locked` refuses the next one, and there is no room for what is in `large`."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.locked = False
        self.large: set[int] = set()

    def apply(self, _connection: sa.Connection, items: Sequence[int]) -> None:
        if self.locked:
            self.locked = False
            raise StoreLocked("locked")
        if self.large & set(items):
            raise StoreFull("no room")
        self.groups.append(list(items))


def with_disk(body: Callable[[Disk, GroupCommit[int]], Awaitable[None]]) -> None:
    async def run() -> None:
        database, disk = Database("sqlite://"), Disk()
        commit = GroupCommit(database, disk.apply)
        try:
            await body(disk, commit)
        finally:
            await commit.close()
            await database.close()

    asyncio.run(run())


def test_what_comes_meanwhile_is_one_transaction_in_order() -> None:
    async def body(disk: Disk, commit: GroupCommit[int]) -> None:
        told: list[int] = []
        await asyncio.gather(*(commit.write(number, lambda n=number: told.append(n)) for number in range(100)))
        assert told == list(range(100))
        assert [item for group in disk.groups for item in group] == told
        assert len(disk.groups) <= 2

    with_disk(body)


def test_a_failure_is_for_all_of_its_group_and_no_other() -> None:
    async def body(disk: Disk, commit: GroupCommit[int]) -> None:
        disk.locked = True
        undone: list[int] = []
        writes = [commit.write(number, undo=lambda n=number: undone.append(n)) for number in range(3)]
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
        assert all(isinstance(one, StoreError) for one in outcomes)
        assert undone == [0, 1, 2]
        await commit.write(3)
        assert disk.groups == [[3]]

    with_disk(body)


def test_on_a_full_disk_what_has_room_is_not_refused_for_what_has_none() -> None:
    async def body(disk: Disk, commit: GroupCommit[int]) -> None:
        disk.large = {1, 3}
        undone: list[int] = []
        writes = [commit.write(number, undo=lambda n=number: undone.append(n)) for number in range(5)]
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
        assert [isinstance(one, StoreFull) for one in outcomes] == [False, True, False, True, False]
        assert undone == [1, 3]
        assert disk.groups == [[0], [2], [4]]

    with_disk(body)


def test_an_asker_that_goes_away_changes_nothing() -> None:
    async def body(disk: Disk, commit: GroupCommit[int]) -> None:
        told: list[str] = []
        write = asyncio.ensure_future(commit.write(1, lambda: told.append("then")))
        await asyncio.sleep(0)
        write.cancel()
        with pytest.raises(asyncio.CancelledError):
            await write
        commit.write_soon(2)
        await commit.write(3)
        assert told == ["then"]
        assert [item for group in disk.groups for item in group] == [1, 2, 3]

    with_disk(body)


def test_a_group_is_light_when_all_of_it_is() -> None:
    async def body(disk: Disk, commit: GroupCommit[int]) -> None:
        seen: list[bool] = []
        told = asyncio.Event()
        run = commit._database.run

        async def noted(
            work: Callable[[sa.Connection], None], then: Callable[[None], None], *, light: bool, frees: bool
        ) -> None:
            seen.append(light)
            await run(work, then, light=light, frees=frees)

        commit._database.run = noted  # type: ignore[method-assign, assignment]
        await commit.write(0, light=True)
        await asyncio.gather(commit.write(1, light=True), commit.write(2))
        await commit.write(3)
        commit.write_soon(4)
        await asyncio.sleep(0)
        commit.write_then(5, told.set, pytest.fail, light=True)  # type: ignore[arg-type]
        await told.wait()
        assert seen == [True, False, False, True, True]
        assert [item for group in disk.groups for item in group] == [0, 1, 2, 3, 4, 5]

    with_disk(body)


def test_what_is_written_lightly_is_there_for_everybody(tmp_path: Path) -> None:
    async def run() -> None:
        database = Database(f"sqlite:///{tmp_path / 'state.db'}")
        await database.run(lambda one: one.execute(sa.text("CREATE TABLE t (n INTEGER)")))
        await database.run(lambda one: one.execute(sa.text("INSERT INTO t VALUES (1)")), light=True)
        await database.run(lambda one: one.execute(sa.text("INSERT INTO t VALUES (2)")))
        assert await database.look(lambda one: one.execute(sa.text("SELECT SUM(n) FROM t")).scalar()) == 3
        modes = [await database.run(_mode, light=light) for light in (True, False)]
        assert modes == [1, 2], "NORMAL and FULL"
        await database.close()

    asyncio.run(run())


def _mode(connection: sa.Connection) -> int:
    return int(connection.execute(sa.text("PRAGMA synchronous")).scalar_one())
