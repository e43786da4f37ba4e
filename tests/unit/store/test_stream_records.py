"""The records of streams on disk: found by time without a look at all of them, dropped a few at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from math import inf
from pathlib import Path

from lambent.store.open import open_store
from lambent.store.stream_records import RecordRow, StreamRecords


def with_records(folder: Path, body: Callable[[StreamRecords], Awaitable[None]]) -> None:
    async def run() -> None:
        store = await open_store(folder)
        records = StreamRecords(store.database)
        try:
            await body(records)
        finally:
            await records.close()
            await store.close()

    asyncio.run(run())


async def write(records: StreamRecords, *rows: RecordRow) -> None:
    await records.write(rows, lambda: None, lambda: None)


def row(seq: int, arrived: float = 0.0, stream: int = 1, shard: int = 0, data: bytes = b"x") -> RecordRow:
    return RecordRow(stream, shard, seq, arrived, "k", data)


def test_the_first_of_a_time_is_found(tmp_path: Path) -> None:
    async def body(records: StreamRecords) -> None:
        await write(records, *(row(seq, arrived=float(seq // 10)) for seq in range(100, 1_000, 7)))
        assert await records.first_at(1, 0, 0.0) == 100
        for moment in (10.0, 55.0, 55.5, 99.0):
            wanted = next(seq for seq in range(100, 1_000, 7) if seq // 10 >= moment)
            assert await records.first_at(1, 0, moment) == wanted
        assert await records.first_at(1, 0, 100.0) is None
        assert await records.first_at(1, 5, 0.0) is None

    with_records(tmp_path, body)


def test_old_ones_are_dropped_a_few_at_a_time(tmp_path: Path) -> None:
    async def body(records: StreamRecords) -> None:
        await write(records, *(row(seq, arrived=float(seq)) for seq in range(100)), row(5, shard=1), row(7, stream=2))
        assert await records.trim(1, 0, 35.0, rows=10) == 35.0
        assert [one.seq for one in await records.read(1, 0, -1, 0.0, 3, 1_000)] == [35, 36, 37]
        assert await records.trim(1, 0, inf, rows=10) == inf
        assert await records.read(1, 0, -1, 0.0, 3, 1_000) == []
        assert await records.last([(1, 0)]) == 0
        assert await records.last([(1, 0), (1, 1), (2, 0)]) == 7
        assert await records.astray({2}) == [(1, 1)]
        await records.drop(await records.astray({1}))
        assert await records.astray(()) == [(1, 1)]

    with_records(tmp_path, body)


def test_a_read_is_bounded_by_bytes_and_time(tmp_path: Path) -> None:
    async def body(records: StreamRecords) -> None:
        await write(records, *(row(seq, arrived=float(seq), data=b"x" * 100) for seq in range(10)))
        assert [one.seq for one in await records.read(1, 0, -1, 0.0, 99, 250)] == [0, 1, 2]
        assert [one.seq for one in await records.read(1, 0, -1, 4.0, 99, 250)] == [4, 5, 6]

    with_records(tmp_path, body)
