"""Writes that share a transaction: their order, their failures, and askers that go away."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest
import sqlalchemy as sa

from lambent.store.database import Database
from lambent.store.errors import StoreError, StoreFull
from lambent.store.group_commit import GroupCommit


class Disk:
    """What was written, by transaction; `full` refuses the next one."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.full = False

    def apply(self, _connection: sa.Connection, items: Sequence[int]) -> None:
        if self.full:
            self.full = False
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
        disk.full = True
        undone: list[int] = []
        writes = [commit.write(number, undo=lambda n=number: undone.append(n)) for number in range(3)]
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
        assert all(isinstance(one, StoreError) for one in outcomes)
        assert undone == [0, 1, 2]
        await commit.write(3)
        assert disk.groups == [[3]]

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
