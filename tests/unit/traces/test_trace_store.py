"""What is kept of traces, and for how long."""

import asyncio
from pathlib import Path

import orjson

from lambent.model.scope import Scope
from lambent.model.trace import Segment
from lambent.observe.tracefile import DAY, TRACE_BYTES, Row, TraceFile
from lambent.observe.traces import TraceStore

HERE, THERE = Scope("111111111111"), Scope("222222222222")
NOW = 1_790_000_000.0


def root(at: float, number: int = 0) -> str:
    return f"1-{int(at):08x}-{number:024x}"


def row(scope: Scope, at: float, document: bytes = b"{}", number: int = 0) -> Row:
    return Row(scope, root(at, number), at, at + 1, document)


def test_traces_are_found_by_their_time_the_newest_first_in_pages(tmp_path: Path) -> None:
    file = TraceFile(tmp_path / "traces.db")
    file.write([row(HERE, NOW + number, number=number) for number in range(5)])
    file.write([row(THERE, NOW)])
    first = file.between(HERE, NOW, NOW + 4, False, 3, None)
    assert [found.id for _, found in first] == [root(NOW + number, number) for number in (3, 2, 1)]
    rest = file.between(HERE, NOW, NOW + 4, False, 3, first[-1][0])
    assert [found.id for _, found in rest] == [root(NOW, 0)]
    active = file.between(HERE, NOW + 4.5, NOW + 9, True, 9, None)
    assert [found.id for _, found in active] == [root(NOW + 4, 4)]


def test_a_trace_has_a_size_that_it_does_not_pass(tmp_path: Path) -> None:
    file = TraceFile(tmp_path / "traces.db")
    file.write([row(HERE, NOW, b"x" * (TRACE_BYTES - 10)), row(HERE, NOW, b"y" * 20), row(HERE, NOW, b"z" * 10)])
    [found] = file.read(HERE, [root(NOW)])
    assert ([one[:1] for one in found.documents], found.exceeded) == ([b"x", b"z"], True)


def test_what_is_old_goes_and_the_oldest_when_there_is_too_much(tmp_path: Path) -> None:
    file = TraceFile(tmp_path / "traces.db")
    file.write([row(HERE, NOW - 31 * DAY), row(HERE, NOW - 29 * DAY)])
    assert file.sweep(NOW, 1 << 20) == 0
    assert file.read(HERE, [root(NOW - 31 * DAY)]) == []
    assert len(file.read(HERE, [root(NOW - 29 * DAY)])) == 1
    assert file.sweep(NOW, 1) == 1
    assert file.bytes() == 0


def test_what_is_put_is_on_disk_and_what_can_not_be_read_is_dropped(tmp_path: Path) -> None:
    good = {"id": "a" * 16, "trace_id": root(NOW), "name": "shop", "start_time": NOW, "end_time": NOW + 1}

    async def scene() -> None:
        store = await TraceStore.open(tmp_path / "traces.db", lambda: NOW)
        store.add(Segment(HERE, b"nothing"))
        store.make(lambda: [Segment(HERE, orjson.dumps(good | {"id": "b" * 16}))])
        await store.put([(Segment(HERE, orjson.dumps(good)), good)])
        assert len(TraceFile(tmp_path / "traces.db").read(HERE, [root(NOW)])[0].documents) == 2
        await store.close()

    asyncio.run(scene())


def test_segments_that_come_faster_than_they_are_written_are_dropped_and_reported(tmp_path: Path) -> None:
    async def scene() -> None:
        store = await TraceStore.open(tmp_path / "traces.db", lambda: NOW)
        findings: list[str] = []
        store.report = lambda finding: findings.append(finding.code)
        for _ in range(600):
            store.add(Segment(HERE, b"x" * 65_536))
        assert set(findings) == {"traces-dropped"}
        await store.close()

    asyncio.run(scene())


def test_a_trace_counts_once_for_whom_it_is_of(tmp_path: Path) -> None:
    file = TraceFile(tmp_path / "traces.db")
    assert file.write([row(HERE, NOW), row(HERE, NOW), row(HERE, NOW, number=1), row(THERE, NOW)]) == {
        HERE: 2,
        THERE: 1,
    }
    assert file.write([row(HERE, NOW)]) == {}
    file.close()
