"""Series on disk: what was added is found again, becomes longer periods with age, and is bounded."""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from lambent.engine.statistics import Bucket, statistic, statistic_set
from lambent.model.metric import Metric, Sample, Stream, dimensions_of
from lambent.model.scope import Scope
from lambent.observe.errors import NotKept
from lambent.observe.series import SeriesBroken, SeriesStore
from lambent.observe.seriesfile import SeriesFile

HOUR, DAY = 3600, 86400
NOW = 1_775_001_600
"""A whole hour."""
STREAM = Stream(Metric(Scope(), "N", "m", dimensions_of({"a": "1", 'quo"te': "new\nline ü"})), "Count")


class Clock:
    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


def with_store(path: Path, body: Callable[[SeriesStore, Clock], Awaitable[None]], **options: int) -> None:
    async def run() -> None:
        clock = Clock()
        store = await SeriesStore.open(path / "metrics.db", clock, **options)
        try:
            await body(store, clock)
        finally:
            await store.close()

    asyncio.run(run())


async def sums(store: SeriesStore, start: int, end: int, period: int) -> dict[int, float]:
    found = await store.read(STREAM.metric, None, start, end, period)
    return {at: bucket.total for at, bucket in sorted(found.items())}


def test_what_was_added_is_read_at_once_and_by_the_next_server(tmp_path: Path) -> None:
    async def first(store: SeriesStore, _clock: Clock) -> None:
        store.add(STREAM, NOW, 2.0)
        store.add(STREAM, NOW + 59, 3.0)
        store.add(STREAM, NOW + 60, 4.0)
        assert await sums(store, NOW, NOW + 120, 60) == {NOW: 5, NOW + 60: 4}
        store.add(STREAM, NOW + 1, 10.0, count=2)  # of a period that is on disk already
        assert await sums(store, NOW, NOW + 300, 300) == {NOW: 29}
        assert await sums(store, NOW - 60, NOW, 60) == {}

    async def second(store: SeriesStore, _clock: Clock) -> None:
        [bucket] = (await store.read(STREAM.metric, "Count", NOW, NOW + 60, 60)).values()
        assert (bucket.count, bucket.low, bucket.high, bucket.values) == (4, 2, 10, {2: 1, 3: 1, 10: 2})
        assert await store.read(STREAM.metric, "Bytes", NOW, NOW + 60, 60) == {}
        assert store.listed(Scope()) == [STREAM.metric]
        assert store.listed(Scope("111111111111")) == []
        assert store.units(STREAM.metric) == ["Count"]

    with_store(tmp_path, first)
    with_store(tmp_path, second)


def test_periods_become_longer_with_age_and_go(tmp_path: Path) -> None:
    async def body(store: SeriesStore, clock: Clock) -> None:
        for second in range(120):
            store.add_samples([Sample(STREAM, NOW + second, 1.0, 1.0, 1)])
        assert len(await sums(store, NOW, NOW + 120, 1)) == 120
        clock.now = NOW + 4 * HOUR
        await store.roll()
        assert await sums(store, NOW, NOW + 120, 1) == {NOW: 60, NOW + 60: 60}
        clock.now = NOW + 16 * DAY
        await store.roll()
        assert await sums(store, NOW, NOW + 300, 60) == {NOW: 120}
        clock.now = NOW + 64 * DAY
        store.add(STREAM, NOW + 64 * DAY, 5.0)
        await store.roll()
        assert await sums(store, NOW, NOW + HOUR, 60) == {NOW: 120}
        [bucket] = (await store.read(STREAM.metric, None, NOW, NOW + HOUR, HOUR)).values()
        p50 = statistic("p50")
        assert p50 is not None and p50.compute(bucket) == 1.0
        clock.now = NOW + 456 * DAY
        assert await sums(store, NOW, NOW + HOUR, HOUR) == {}
        await store.roll()
        assert store.listed(Scope(), 1000 * DAY) == [STREAM.metric]  # it had a value 392 days ago
        clock.now = NOW + 600 * DAY
        await store.roll()
        assert store.listed(Scope(), 1000 * DAY) == []

    with_store(tmp_path, body)


def test_nothing_goes_while_periods_become_longer(tmp_path: Path) -> None:
    async def body(store: SeriesStore, clock: Clock) -> None:
        for minute in range(0, 3 * HOUR, 60):
            store.add(STREAM, NOW + minute, 1.0)
        for hours in range(3 + 15 * 24, 3 + 16 * 24):
            clock.now = NOW + hours * HOUR + 1234
            await store.roll()
            assert sum((await sums(store, NOW, NOW + DAY, 60)).values()) == 180

    with_store(tmp_path, body)


def test_series_are_bounded_and_what_is_left_out_is_counted(tmp_path: Path) -> None:
    async def body(store: SeriesStore, _clock: Clock) -> None:
        streams = [Stream(Metric(Scope(), "N", f"m{number}")) for number in range(5)]
        assert [store.add(one, NOW, 1.0) for one in streams] == [True, True, False, False, False]
        assert store.left_out == 3
        assert not store.add_set(streams[4], NOW, statistic_set(1, 1, 1, 1))

    with_store(tmp_path, body, bound=2)


def test_one_account_leaves_room_for_another(tmp_path: Path) -> None:
    async def body(store: SeriesStore, clock: Clock) -> None:
        def added(account: str, number: int) -> bool:
            return store.add(Stream(Metric(Scope(account), "N", f"m{number}")), NOW, 1.0)

        assert [added("1" * 12, number) for number in range(3)] == [True, True, False]
        assert [added("2" * 12, number) for number in range(3)] == [True, True, False]
        assert [added("3" * 12, 1), added("4" * 12, 1), added("5" * 12, 1)] == [True] * 3
        assert [added("6" * 12, 1), added("7" * 12, 1)] == [True, False]  # as many as four accounts have

    with_store(tmp_path, body, bound=2)


def test_what_others_still_have_is_asked_for_first(tmp_path: Path) -> None:
    async def body(store: SeriesStore, _clock: Clock) -> None:
        waiting = [1.0, 2.0]

        def drain() -> None:
            while waiting:
                store.add(STREAM, NOW, waiting.pop())

        store.drain = drain
        assert await sums(store, NOW, NOW + 60, 60) == {NOW: 3}

    with_store(tmp_path, body)


def test_a_disk_that_takes_nothing_holds_back_and_says_so_to_who_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(store: SeriesStore, _clock: Clock) -> None:
        def full(*_arguments: object) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        with monkeypatch.context() as broken:
            broken.setattr(store._file, "write", full)
            store.add(STREAM, NOW, 1.0)
            with pytest.raises(NotKept, match="disk is full"):
                await store.flush()
            store.add(STREAM, NOW, 2.0)
            with pytest.raises(NotKept):
                await store.flush()
        assert await sums(store, NOW, NOW + 60, 60) == {NOW: 3}

    with_store(tmp_path, body)


def test_a_file_that_is_none_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "metrics.db").write_bytes(b"something else" * 1000)
    with pytest.raises(SeriesBroken):
        asyncio.run(SeriesStore.open(tmp_path / "metrics.db", Clock()))
    assert (tmp_path / "metrics.db").read_bytes() == b"something else" * 1000


def test_statistic_sets_and_values_of_one_period_go_together(tmp_path: Path) -> None:
    async def body(store: SeriesStore, _clock: Clock) -> None:
        store.add_set(STREAM, NOW, statistic_set(3, 30, 5, 20))
        await store.flush()
        one = Bucket()
        one.add(100.0)
        store.add_set(STREAM, NOW, one)
        [bucket] = (await store.read(STREAM.metric, None, NOW, NOW + 60, 60)).values()
        assert (bucket.count, bucket.total, bucket.low, bucket.high, bucket.values) == (4, 130, 5, 100, None)

    with_store(tmp_path, body)


def test_what_had_no_value_lately_is_not_looked_for_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(store: SeriesStore, _clock: Clock) -> None:
        store.add(STREAM, NOW, 2.0)
        assert await sums(store, NOW, NOW + 60, 60) == {NOW: 2.0}
        monkeypatch.setattr(SeriesFile, "read", None)
        assert await sums(store, NOW + 2 * HOUR, NOW + 3 * HOUR, 60) == {}

    with_store(tmp_path, body)


def test_ten_thousand_series_take_less_than_a_hundredth_of_a_processor(tmp_path: Path) -> None:
    """A value of each in every minute, written down each time: three minutes of them, and what all threads took."""

    async def go() -> None:
        now = [1_790_000_000.0]
        store = await SeriesStore.open(tmp_path / "metrics.db", lambda: now[0])
        metrics = [Metric(Scope(), "Shop", "Wait", dimensions_of({"f": str(number)})) for number in range(10_000)]
        streams = [Stream(metric, "Count") for metric in metrics]

        async def minute() -> None:
            now[0] += 60
            for place, stream in enumerate(streams):
                assert store.add(stream, now[0], float(place % 97))
            await store.flush()

        await minute()
        began = time.process_time()
        for _ in range(3):
            await minute()
        assert time.process_time() - began < 3 * 60 / 100
        await store.close()

    asyncio.run(go())
