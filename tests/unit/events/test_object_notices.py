"""What changed objects send: from memory when it is new, from disk when it waits there, and nothing is left out."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import orjson

from lambent.events.object_notices import ObjectNotices
from lambent.model.delivery import Delivery, DeliveryFailed
from lambent.store.database import Database, open_database
from lambent.store.errors import StoreBroken
from lambent.store.objects import Change, Item, ObjectStore
from tests.unit.waiting import until

PATIENCE = 60.0


def document(body: str) -> bytes:
    said = {"account": "0" * 12, "region": "us-east-1", "target": "t", "body": body, "origin": "o", "trace": ""}
    return orjson.dumps(said)


class Bench:
    """A store, its notices and what was sent."""

    def __init__(self, database: Database) -> None:
        self.store = ObjectStore(database)
        self.sent: list[str] = []
        self.reads = 0
        self.hold: asyncio.Event | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting = self.store.waiting
        self.store.waiting = self._counted  # type: ignore[method-assign]
        self.broken = 0
        self.notices = ObjectNotices(self.store, self._send, lambda finding: None, self._spawn, again=0.01)
        self.store.noticed = self.notices.told

    def _spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _counted(self, after: int, most: int) -> list[tuple[int, bytes]]:
        self.reads += 1
        if self.broken:
            self.broken -= 1
            raise StoreBroken("unreadable for now")
        return await self._waiting(after, most)

    async def _send(self, delivery: Delivery) -> None:
        assert delivery.kept
        if self.hold is not None:
            await self.hold.wait()
        self.sent.append(delivery.body.decode())

    async def put(self, *notices: tuple[int, str]) -> None:
        rows = [(number, document(body)) for number, body in notices]
        await self.store.write(Item(lambda _view: (Change(notices=rows), None)))

    async def until(self, count: int) -> None:
        await until(lambda: len(self.sent) >= count and not self._tasks, PATIENCE)

    async def left(self) -> Sequence[tuple[int, bytes]]:
        await self.store.close()
        return await self._waiting(0, 1_000)


def with_bench(work: Callable[[Bench], Awaitable[None]], folder: Path) -> None:
    async def run() -> None:
        database = await open_database(f"sqlite:///{folder / 'state.db'}")
        try:
            await work(Bench(database))
        finally:
            await database.close()

    asyncio.run(run())


def test_what_is_new_is_sent_from_memory_and_gone_from_disk(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        await bench.put((1, "a"), (2, "b"))
        await bench.put((3, "c"))
        await bench.until(3)
        assert (bench.sent, bench.reads) == (["a", "b", "c"], 0)
        assert await bench.left() == []

    with_bench(work, tmp_path)


def test_what_waits_on_disk_is_read_once_and_what_comes_meanwhile_too(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        bench.store.noticed = lambda notices: None  # as if the server before this one had written them
        await bench.put(*((number, str(number)) for number in range(1, 151)))
        bench.store.noticed = bench.notices.told
        bench.notices.look()
        await asyncio.gather(*(bench.put((number, str(number))) for number in range(151, 301)))
        await bench.until(300)
        assert sorted(bench.sent, key=int) == [str(number) for number in range(1, 301)]
        assert await bench.left() == []

    with_bench(work, tmp_path)


def test_more_than_may_be_under_way_waits_on_disk(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        bench.hold = asyncio.Event()
        for number in range(1, 201):
            await bench.put((number, str(number)))
        assert bench.sent == []
        bench.hold.set()
        await bench.until(200)
        assert sorted(bench.sent, key=int) == [str(number) for number in range(1, 201)]
        assert bench.reads > 0
        assert await bench.left() == []

    with_bench(work, tmp_path)


def test_a_read_that_fails_is_done_again_and_nothing_overtakes_what_it_left(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        bench.store.noticed = lambda notices: None
        await bench.put((1, "a"))
        bench.store.noticed = bench.notices.told
        bench.broken = 2
        bench.notices.look()
        await bench.put((2, "b"))
        await bench.until(2)
        assert sorted(bench.sent) == ["a", "b"]
        assert await bench.left() == []

    with_bench(work, tmp_path)


def test_what_is_not_taken_for_good_is_given_up(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        async def refuse(delivery: Delivery) -> None:
            bench.sent.append("refused")
            raise DeliveryFailed("no", passing=False)

        bench.notices._send = refuse
        await bench.put((1, "a"))
        await bench.until(1)
        assert await bench.left() == []

    with_bench(work, tmp_path)
