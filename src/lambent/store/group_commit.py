"""Many small writes, one transaction.

What is asked for while a transaction runs is carried out together in the next one: a lone write waits for nobody, and a
thousand at once share one wait for the disk. When the disk is too full for all of them, each gets a transaction of its
own: what frees room is not refused because of what came with it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import sqlalchemy as sa

from lambent.store.database import Database
from lambent.store.errors import StoreFull

T = TypeVar("T")


def _nothing() -> None:
    """What is to be done where there is nothing to do."""


def _never(_item: object) -> bool:
    """What takes room."""
    return False


@dataclass(frozen=True, slots=True)
class _Write(Generic[T]):
    item: T
    then: Callable[[], None]
    undo: Callable[[], None]
    done: "asyncio.Future[None]"
    light: bool


class GroupCommit(Generic[T]):
    """Items in the order in which they come; `apply` writes any number of them within one transaction, and may be
    called again with fewer. `frees` says of which items room comes (`Database.run`)."""

    def __init__(
        self,
        database: Database,
        apply: Callable[[sa.Connection, Sequence[T]], None],
        frees: Callable[[T], bool] = _never,
    ) -> None:
        self._database = database
        self._apply = apply
        self._frees = frees
        self._waiting: list[_Write[T]] = []
        self._driver: asyncio.Task[None] | None = None

    async def write(
        self,
        item: T,
        then: Callable[[], None] = _nothing,
        undo: Callable[[], None] = _nothing,
        *,
        light: bool = False,
    ) -> None:
        """Come back when `item` is on disk; `light` ones do not wait for it, unless others of the group do
        (`Database.run`).

        `then` is called on the event loop after the commit, in the order of the writes, `undo` when it failed; both
        also when the asker was cancelled meanwhile. Raises StoreError.
        """
        await self._add(item, then, undo, light)

    def write_soon(self, item: T) -> None:
        """Write `item` with the next group, lightly; nobody waits for it, and nobody is told when it fails."""
        self._add(item, _nothing, _nothing, light=True).add_done_callback(asyncio.Future.exception)

    def write_then(
        self, item: T, then: Callable[[], None], failed: Callable[[Exception], None], *, light: bool = False
    ) -> None:
        """Write `item` with the next group and call one of the two, on the event loop; `light` as in `write`."""

        def settled(done: "asyncio.Future[None]") -> None:
            error = done.exception()
            if isinstance(error, Exception):
                failed(error)

        self._add(item, then, _nothing, light).add_done_callback(settled)

    def _add(
        self, item: T, then: Callable[[], None], undo: Callable[[], None], light: bool = False
    ) -> "asyncio.Future[None]":
        loop = asyncio.get_running_loop()
        one = _Write(item, then, undo, loop.create_future(), light)
        self._waiting.append(one)
        if self._driver is None:
            self._driver = loop.create_task(self._drive())
        return one.done

    async def close(self) -> None:
        """Finish what was asked for."""
        while self._driver is not None:
            await asyncio.wait([self._driver])

    async def _drive(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            await self._commit(group)
        self._driver = None

    async def _commit(self, group: list[_Write[T]]) -> None:
        items = [one.item for one in group]

        def settle(_result: None) -> None:
            for one in group:
                one.then()
                if not one.done.done():
                    one.done.set_result(None)

        try:
            light, frees = all(one.light for one in group), all(map(self._frees, items))
            await self._database.run(
                lambda connection: self._apply(connection, items), settle, light=light, frees=frees
            )
        except Exception as error:
            if isinstance(error, StoreFull) and len(group) > 1:
                for one in group:
                    await self._commit([one])
                return
            for one in group:
                one.undo()
                if not one.done.done():
                    one.done.set_exception(error)
