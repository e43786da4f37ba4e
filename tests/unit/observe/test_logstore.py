import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from lambent.model.scope import Scope
from lambent.observe.filterpattern import compile_pattern
from lambent.observe.logindex import GroupExists, IndexBroken, NoSuchGroup, NoSuchStream, StreamExists
from lambent.observe.logread import BadToken, Page, Span, event_id
from lambent.observe.logstore import DAY_MS, LogStore

HERE = Scope()
GROUP = "/aws/lambda/f"
NAME = "2026/04/01/[$LATEST]" + "0" * 32
NOW = 1_775_000_000_000


def with_store(
    folder: Path, body: Callable[[LogStore], Awaitable[None]], now: list[float] | None = None, **bounds: int
) -> None:
    async def run() -> None:
        clock = now or [NOW / 1000]
        store = await LogStore.open(folder, lambda: clock[0], **bounds)
        try:
            await body(store)
        finally:
            await store.close()

    asyncio.run(run())


def texts(page: Page) -> list[str]:
    return [event.message for event in page.events]


def anything(_name: str) -> bool:
    return True


def on_disk(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*.jsonl"))


def test_a_flood_without_end_is_bounded_and_told_once(tmp_path: Path) -> None:
    most, found = 1 << 20, []

    async def run() -> None:
        store = await LogStore.open(tmp_path, lambda: NOW / 1000, most)
        store.report = found.append
        other, flooding = store.stream(HERE, "/aws/lambda/g", NAME), store.stream(HERE, GROUP, NAME)
        store.append(other, NOW, "other")
        for number in range(40_000):
            store.append(flooding, NOW + number, f"{number:06}" + "x" * 100)
            if number % 1_000 == 0:
                await store.flush()
                await asyncio.sleep(0)
                assert on_disk(tmp_path) < 2 * most
        await store.flush()
        page = await store.get_events(HERE, GROUP, NAME, Span())
        assert texts(page)[-1].startswith("039999")
        assert int(texts(page)[0][:6]) > 30_000
        assert texts(await store.get_events(HERE, "/aws/lambda/g", NAME, Span())) == ["other"]
        await store.close()

    asyncio.run(run())
    assert [(one.code, one.resource) for one in found] == [
        ("logs-trimmed", f"arn:aws:logs:us-east-1:000000000000:log-group:{GROUP}")
    ]


def test_of_many_streams_the_oldest_go(tmp_path: Path) -> None:
    async def run() -> None:
        store = await LogStore.open(tmp_path, lambda: NOW / 1000, 1 << 20)
        for number in range(30):
            stream = store.stream(HERE, GROUP, f"s{number:02}")
            for _ in range(500):
                store.append(stream, NOW + number, "x" * 100)
            await store.flush()
        held = {one.name for one in await store.streams(HERE, GROUP) if one.file.size}
        assert max(held) == "s29"
        assert "s00" not in held
        await store.close()

    asyncio.run(run())


def test_an_append_makes_group_and_stream_and_lasts(tmp_path: Path) -> None:
    async def write(store: LogStore) -> None:
        stream = store.stream(HERE, GROUP, NAME)
        store.append(stream, NOW, "one\n")
        store.append(stream, NOW + 1, "two\nlines")
        assert [group.name for group in store.groups(HERE)] == [GROUP]

    async def read(store: LogStore) -> None:
        page = await store.get_events(HERE, GROUP, NAME, Span())
        assert texts(page) == ["one\n", "two\nlines"]
        assert store.groups(Scope("111111111111")) == []
        [stream] = await store.streams(HERE, GROUP)
        assert (stream.created, stream.file.first, stream.file.last) == (NOW, NOW, NOW + 1)
        assert (await store.stored_bytes(store.groups(HERE)))[0] == stream.file.path.stat().st_size

    with_store(tmp_path, write)
    with_store(tmp_path, read)


def test_a_read_sees_what_was_appended_before_it(tmp_path: Path) -> None:
    async def body(store: LogStore) -> None:
        stream = store.stream(HERE, GROUP, NAME)
        for number in range(5):
            store.append(stream, NOW + number, str(number))
            assert texts(await store.get_events(HERE, GROUP, NAME, Span()))[-1] == str(number)

    with_store(tmp_path, body)


def test_pages_forward_and_back(tmp_path: Path) -> None:
    async def body(store: LogStore) -> None:
        stream = store.stream(HERE, GROUP, NAME)
        for number in range(10):
            store.append(stream, NOW + number, str(number))
        page = await store.get_events(HERE, GROUP, NAME, Span(limit=4, from_head=True))
        assert texts(page) == ["0", "1", "2", "3"]
        page = await store.get_events(HERE, GROUP, NAME, Span(limit=4, token=page.forward))
        assert texts(page) == ["4", "5", "6", "7"]
        back = await store.get_events(HERE, GROUP, NAME, Span(limit=4, token=page.backward))
        assert texts(back) == ["0", "1", "2", "3"]
        page = await store.get_events(HERE, GROUP, NAME, Span(limit=4, token=page.forward))
        assert texts(page) == ["8", "9"]
        end = await store.get_events(HERE, GROUP, NAME, Span(limit=4, token=page.forward))
        assert (texts(end), end.forward) == ([], page.forward)
        store.append(stream, NOW + 99, "new")
        assert texts(await store.get_events(HERE, GROUP, NAME, Span(token=end.forward))) == ["new"]
        page = await store.get_events(HERE, GROUP, NAME, Span(limit=2))
        assert texts(page) == ["9", "new"]
        page = await store.get_events(HERE, GROUP, NAME, Span(NOW + 2, NOW + 5, limit=2))
        assert texts(page) == ["3", "4"]
        page = await store.get_events(HERE, GROUP, NAME, Span(NOW + 2, NOW + 5, limit=2, token=page.backward))
        assert texts(page) == ["2"]
        with pytest.raises(BadToken):
            await store.get_events(HERE, GROUP, NAME, Span(token="f/1"))

    with_store(tmp_path, body)


def test_a_page_holds_at_most_a_megabyte(tmp_path: Path) -> None:
    async def body(store: LogStore) -> None:
        stream = store.stream(HERE, GROUP, NAME)
        for number in range(5):
            store.append(stream, NOW + number, "x" * 400_000)
        page = await store.get_events(HERE, GROUP, NAME, Span(from_head=True))
        assert len(page.events) == 2
        found = await store.filter_events(HERE, GROUP, anything, compile_pattern(""), Span())
        assert len(found.events) == 2
        found = await store.filter_events(HERE, GROUP, anything, compile_pattern(""), Span(token=found.token))
        assert [event.timestamp for _, event in found.events] == [NOW + 2, NOW + 3]

    with_store(tmp_path, body)


def test_filtering_merges_streams_by_time(tmp_path: Path) -> None:
    async def body(store: LogStore) -> None:
        a, b = store.stream(HERE, GROUP, "a"), store.stream(HERE, GROUP, "b")
        for number in range(6):
            store.append(a if number % 2 else b, NOW + number // 3, f"line {number}")
        matches = compile_pattern("line")
        seen, ids, token = [], set(), None
        while True:
            page = await store.filter_events(HERE, GROUP, anything, matches, Span(limit=2, token=token))
            seen += [event.message for _, event in page.events]
            ids |= {event_id(stream, event) for stream, event in page.events}
            if (token := page.token) is None:
                break
        assert sorted(seen) == [f"line {number}" for number in range(6)]
        assert len(ids) == 6
        assert {len(one) for one in ids} == {56}
        page = await store.filter_events(HERE, GROUP, lambda name: name == "a", compile_pattern("-3"), Span())
        assert [event.message for _, event in page.events] == ["line 1", "line 5"]
        with pytest.raises(BadToken):
            await store.filter_events(HERE, GROUP, anything, matches, Span(token="!"))

    with_store(tmp_path, body)


def test_names_are_checked(tmp_path: Path) -> None:
    async def body(store: LogStore) -> None:
        with pytest.raises(NoSuchGroup):
            await store.create_stream(HERE, GROUP, NAME)
        await store.create_group(HERE, GROUP, {"k": "v"})
        with pytest.raises(GroupExists):
            await store.create_group(HERE, GROUP)
        with pytest.raises(NoSuchStream):
            await store.put_events(HERE, GROUP, NAME, [(NOW, "x")])
        await store.create_stream(HERE, GROUP, NAME)
        with pytest.raises(StreamExists):
            await store.create_stream(HERE, GROUP, NAME)
        with pytest.raises(NoSuchStream):
            await store.delete_stream(HERE, GROUP, "other")

    with_store(tmp_path, body)


def test_a_deleted_group_comes_back_empty_with_the_next_event(tmp_path: Path) -> None:
    async def body(store: LogStore) -> None:
        stream = store.stream(HERE, GROUP, NAME)
        store.append(stream, NOW, "old")
        await store.delete_group(HERE, GROUP)
        with pytest.raises(NoSuchGroup):
            store.group(HERE, GROUP)
        store.append(stream, NOW, "new")
        assert texts(await store.get_events(HERE, GROUP, NAME, Span())) == ["new"]
        await store.delete_stream(HERE, GROUP, NAME)
        assert await store.streams(HERE, GROUP) == []

    with_store(tmp_path, body)
    assert [path.suffix for path in tmp_path.rglob("*.jsonl")] == [".jsonl"]


def test_retention_hides_and_then_frees(tmp_path: Path) -> None:
    now = [NOW / 1000]

    async def body(store: LogStore) -> None:
        stream = store.stream(HERE, GROUP, NAME)
        store.append(stream, NOW - 3 * DAY_MS, "old")
        store.append(stream, NOW - DAY_MS // 2, "of half a day ago")
        store.append(stream, NOW, "new")
        await store.set_retention(HERE, GROUP, 1)
        assert texts(await store.get_events(HERE, GROUP, NAME, Span())) == ["of half a day ago", "new"]
        now[0] += 3 * 86_400
        assert texts(await store.get_events(HERE, GROUP, NAME, Span())) == []
        await store.flush()
        assert await store.stored_bytes([store.group(HERE, GROUP)]) == [0]
        await store.set_retention(HERE, GROUP, None)
        assert store.group(HERE, GROUP).retention is None

    with_store(tmp_path, body, now)


def test_what_a_full_disk_refuses_is_kept_for_later(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def body(store: LogStore) -> None:
        stream = store.stream(HERE, GROUP, NAME)
        store.append(stream, NOW, "a")
        await store.flush()
        [record] = await store.streams(HERE, GROUP)
        path, aside = record.file.path, tmp_path / "aside"
        path.rename(aside)
        path.mkdir()
        store.append(stream, NOW + 1, "b")
        await store.flush()
        assert "can't be written" in caplog.text
        path.rmdir()
        aside.rename(path)
        store.append(stream, NOW + 2, "c")
        await store.flush()
        assert texts(await store.get_events(HERE, GROUP, NAME, Span())) == ["a", "b", "c"]
        assert "0 were dropped" in caplog.text

    with_store(tmp_path, body)


def test_a_large_buffer_is_not_left_waiting(tmp_path: Path) -> None:
    async def body(store: LogStore) -> None:
        stream = store.stream(HERE, GROUP, NAME)
        for _ in range(100):
            store.append(stream, NOW, "x" * 500)
            assert len(stream.waiting) < 5
        assert len((await store.get_events(HERE, GROUP, NAME, Span())).events) == 100

    with_store(tmp_path, body, buffer=1000, in_flight=2000)


def test_a_slow_disk_makes_nobody_wait_and_says_that_it_is_behind(tmp_path: Path) -> None:
    goes_on = threading.Event()

    async def body(store: LogStore) -> None:
        stream = store.stream(HERE, GROUP, NAME)
        store._thread.submit(goes_on.wait)
        appended = 0
        while not store.behind():
            store.append(stream, NOW, "x" * 500)
            appended += 1
        assert appended < 10
        goes_on.set()
        await store.flush()
        assert not store.behind()
        assert len((await store.get_events(HERE, GROUP, NAME, Span())).events) == appended

    with_store(tmp_path, body, buffer=1000, in_flight=3000)


def test_many_streams_hold_no_descriptors(tmp_path: Path) -> None:
    async def body(store: LogStore) -> None:
        before = len(os.listdir("/proc/self/fd"))
        for number in range(500):
            store.append(store.stream(HERE, GROUP, f"s{number}"), NOW, "x")
        page = await store.filter_events(HERE, GROUP, anything, compile_pattern(""), Span())
        assert len(page.events) == 500
        assert len(os.listdir("/proc/self/fd")) <= before

    with_store(tmp_path, body)


def test_a_torn_index_is_mended(tmp_path: Path) -> None:
    async def write(store: LogStore) -> None:
        await store.create_group(HERE, "a")
        await store.set_retention(HERE, "a", 7)
        await store.create_stream(HERE, "a", "s")

    async def more(store: LogStore) -> None:
        assert store.group(HERE, "a").retention == 7
        await store.create_group(HERE, "b")

    async def read(store: LogStore) -> None:
        assert [group.name for group in store.groups(HERE)] == ["a", "b"]
        assert [stream.name for stream in await store.streams(HERE, "a")] == ["s"]

    with_store(tmp_path, write)
    with (tmp_path / "index.jsonl").open("ab") as journal:
        journal.write(b'{"op":"group","acc')
    with_store(tmp_path, more)
    with_store(tmp_path, read)


def test_a_change_that_the_disk_refuses_is_not_called_done(tmp_path: Path) -> None:
    async def body(store: LogStore) -> None:
        (tmp_path / "index.jsonl").mkdir()
        with pytest.raises(OSError, match="directory"):
            await store.create_group(HERE, "a")
        (tmp_path / "index.jsonl").rmdir()
        await store.create_group(HERE, "b")

    async def read(store: LogStore) -> None:
        assert [group.name for group in store.groups(HERE)] == ["a", "b"]

    with_store(tmp_path, body)
    with_store(tmp_path, read)


@pytest.mark.parametrize(
    "line",
    [
        *(b"garbage", b"123", b"[]", b"null", b'{"op":"group"}', b'{"op":"x"}', b"\xff\xfe\0", b'{"op":"-stream"}'),
        b'{"op":"group","account":1,"region":[],"group":"g","created":"x","uid":"u","tags":{}}',
        b'{"op":"group","account":"..","region":"r","group":"g","created":1,"uid":"u","tags":{}}',
        b'{"op":"group","account":"1","region":"r","group":"g","created":1,"uid":"../../..","tags":{}}',
        b'{"op":"stream","account":"000000000000","region":"us-east-1","group":"a","stream":"s","created":1,"uid":"/x"}',
    ],
)
def test_an_index_that_is_none_is_named_with_its_line(tmp_path: Path, line: bytes) -> None:
    async def write(store: LogStore) -> None:
        await store.create_group(HERE, "a")

    with_store(tmp_path, write)
    with (tmp_path / "index.jsonl").open("ab") as journal:
        journal.write(line + b"\n")
    with pytest.raises(IndexBroken, match=r"index\.jsonl, line 2: "):
        with_store(tmp_path, write)
