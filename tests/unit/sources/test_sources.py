"""Mappings are read by one reader each, whatever is changed meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from lambent.events.sources.sources import Sources
from lambent.model.event_source import EventSource
from tests.unit.sources.kit import QUEUE, mapping


class Reader:
    """Says when it starts and stops; waits at either as long as `gate` is shut."""

    def __init__(self, source: EventSource, log: list[str], gate: asyncio.Event) -> None:
        self.source, self._log, self._gate = source, log, gate
        self.cancelled = False

    async def start(self) -> None:
        await self._gate.wait()
        self._log.append(f"start {self.source.batch_size}")

    async def stop(self) -> None:
        await self._gate.wait()
        self._log.append(f"stop {self.source.batch_size}")

    def cancel(self) -> None:
        self.cancelled = True

    def document(self) -> dict[str, Any]:
        return {"size": self.source.batch_size}


class Bench:
    def __init__(self) -> None:
        self.log: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.made: list[Reader] = []
        self.sources = Sources(self._make, self._forget)

    def _make(self, source: EventSource) -> Reader:
        self.made.append(Reader(source, self.log, self.gate))
        return self.made[-1]

    async def _forget(self, uuid: str) -> None:
        self.log.append(f"forget {uuid}")


def play(scene: Callable[[Bench], Awaitable[None]]) -> None:
    async def main() -> None:
        await scene(Bench())

    asyncio.run(main())


def source(size: int) -> EventSource:
    return mapping(QUEUE, batch_size=size)


def test_two_updates_in_a_row_leave_one_reader() -> None:
    async def scene(bench: Bench) -> None:
        await bench.sources.put(source(1))
        bench.gate.clear()
        changes = [asyncio.create_task(bench.sources.put(source(size))) for size in (2, 3)]
        await asyncio.sleep(0)
        bench.gate.set()
        assert await asyncio.gather(*changes) == [True, True]
        assert bench.log == ["start 1", "stop 1", "start 2", "stop 2", "start 3"]
        assert bench.sources.document("u") == {"size": 3}

    play(scene)


def test_a_mapping_that_is_deleted_while_it_starts_is_not_read() -> None:
    async def scene(bench: Bench) -> None:
        bench.gate.clear()
        starting = asyncio.create_task(bench.sources.put(source(1)))
        await asyncio.sleep(0)
        removing = asyncio.create_task(bench.sources.remove("u"))
        await asyncio.sleep(0)
        bench.gate.set()
        await asyncio.gather(starting, removing)
        assert bench.log == ["start 1", "stop 1"] and bench.sources.document("u") == {}

    play(scene)


def test_a_server_that_ends_while_a_mapping_starts_reads_nothing_more() -> None:
    async def scene(bench: Bench) -> None:
        bench.gate.clear()
        starting = asyncio.create_task(bench.sources.put(source(1)))
        await asyncio.sleep(0)
        await bench.sources.close()
        bench.made[0].cancelled = False  # as if it had begun after it was cancelled
        bench.gate.set()
        await starting
        assert bench.made[0].cancelled
        assert await bench.sources.put(source(2)) and len(bench.made) == 1

    play(scene)


def test_what_has_not_changed_is_not_started_again() -> None:
    async def scene(bench: Bench) -> None:
        await bench.sources.put(source(1))
        await bench.sources.put(source(1))
        assert bench.log == ["start 1"]

    play(scene)
