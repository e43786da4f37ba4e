"""A stream is read for one mapping: where it begins, what is done again, what a shard's life does to its reader."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest

from lambent.events.sources import shard_reader
from lambent.events.sources.stream import Position, ShardInfo
from lambent.events.sources.stream_reader import StreamReader
from lambent.model.invocation import Outcome
from lambent.store.checkpoints import Checkpoint
from tests.unit.sources.kit import (
    DONE,
    EXPIRED,
    FAILED,
    STREAM,
    THROTTLED,
    Event,
    FakeStream,
    Lab,
    failures,
    mapping,
    texts,
)
from tests.unit.waiting import turns, until


class Bench(Lab):
    def __init__(self) -> None:
        super().__init__()
        self.stream = FakeStream(self.clock)
        self.readers: list[StreamReader] = []

    async def read(self, position: str = "TRIM_HORIZON", **settings: Any) -> StreamReader:
        made = mapping(STREAM, starting_position=position, **settings)
        reader = StreamReader(made, self.stream, self.means(), self.observed(made))
        await reader.start()
        self.readers.append(reader)
        return reader

    @property
    def texts(self) -> list[list[str]]:
        return texts(self.events)

    @property
    def flat(self) -> list[str]:
        return [text for batch in self.texts for text in batch]

    def kept(self, shard: str = "s0") -> Checkpoint:
        return self.checkpoints.kept["u", shard]


def play(scene: Callable[[Bench], Awaitable[None]]) -> None:
    async def main() -> None:
        bench = Bench()
        try:
            await asyncio.wait_for(scene(bench), 20)
        finally:
            for reader in bench.readers:
                reader.cancel()
            await asyncio.sleep(0)

    asyncio.run(main())


# --- where it begins


def test_a_restart_goes_on_behind_what_was_done() -> None:
    async def scene(bench: Bench) -> None:
        bench.stream.put("a", "b", "c")
        reader = await bench.read(batch_size=2)
        await until(lambda: bench.flat == ["a", "b", "c"])
        await reader.stop()
        bench.stream.put("d")
        await bench.read(batch_size=2)
        await until(lambda: bench.flat == ["a", "b", "c", "d"])

    play(scene)


def test_latest_leaves_out_what_lies_in_parents_and_children_alike() -> None:
    async def scene(bench: Bench) -> None:
        bench.stream.infos = [ShardInfo("s0", closed=True), ShardInfo("s1", ("s0",))]
        bench.stream.put("old", shard="s0")
        bench.stream.put("old", shard="s1")
        await bench.read("LATEST")
        bench.stream.put("new", shard="s1")
        await until(lambda: bench.flat == ["new"])
        await until(lambda: bench.kept("s0").ended)

    play(scene)


def test_latest_stays_so_when_the_first_look_fails() -> None:
    async def scene(bench: Bench) -> None:
        bench.stream.put("old")
        bench.stream.trouble = [OSError("nobody answers")]
        await bench.read("LATEST")
        await until(lambda: bench.stream.seeks)
        bench.stream.put("new")
        await until(lambda: bench.flat)
        assert bench.flat == ["new"]

    play(scene)


def test_children_wait_for_their_parents_and_ended_shards_are_forgotten_with_them() -> None:
    async def scene(bench: Bench) -> None:
        bench.stream.infos.append(ShardInfo("s1", ("s0",)))
        bench.stream.put("a", "b")
        bench.stream.put("c", shard="s1")
        await bench.read(batch_size=1)
        await until(lambda: bench.flat == ["a", "b"])
        await turns()
        assert bench.flat == ["a", "b"]
        bench.stream.close("s0")
        await until(lambda: bench.flat == ["a", "b", "c"])
        assert bench.kept("s0").ended
        del bench.stream.infos[0]
        await until(lambda: ("u", "s0") not in bench.checkpoints.kept)
        assert bench.kept("s1").sequence == "000003"

    play(scene)


def test_a_stream_is_not_read_up_while_children_of_a_shard_are_looked_for() -> None:
    async def scene(bench: Bench) -> None:
        reader = await bench.read()
        bench.stream.put("parent")
        await until(lambda: reader.document()["CaughtUp"] and bench.events)
        gate, look = asyncio.Event(), bench.stream.shards

        async def slowly() -> Any:
            await gate.wait()
            return await look()

        bench.stream.shards = slowly  # type: ignore[method-assign]
        bench.stream.infos.append(ShardInfo("s1", ("s0",)))
        bench.stream.put("child", shard="s1")
        bench.stream.close("s0")
        await until(lambda: not reader._readers)
        for _ in range(20):
            assert not reader.document()["CaughtUp"]
            await turns(5)
        gate.set()
        await until(lambda: bench.flat == ["parent", "child"])
        await until(lambda: reader.document()["CaughtUp"])

    play(scene)


def test_a_stream_is_not_read_up_while_the_end_of_a_shard_is_written() -> None:
    async def scene(bench: Bench) -> None:
        reader = await bench.read()
        bench.stream.put("parent")
        await until(lambda: reader.document()["CaughtUp"] and bench.events)
        gate, write = asyncio.Event(), bench.checkpoints.write

        async def slowly(mapping: str, checkpoint: Checkpoint) -> None:
            if checkpoint.ended:
                await gate.wait()
            await write(mapping, checkpoint)

        bench.checkpoints.write = slowly  # type: ignore[method-assign]
        bench.stream.infos.append(ShardInfo("s1", ("s0",)))
        bench.stream.put("child", shard="s1")
        bench.stream.close("s0")
        await until(lambda: reader._readers["s0"]._closed)
        for _ in range(20):
            assert not reader.document()["CaughtUp"]
            await turns(5)
        gate.set()
        await until(lambda: bench.flat == ["parent", "child"])
        await until(lambda: reader.document()["CaughtUp"])

    play(scene)


def test_a_stream_that_is_made_again_is_read_from_its_beginning() -> None:
    async def scene(bench: Bench) -> None:
        bench.stream.infos = [ShardInfo("s0", opened=1.0, closed=True)]
        bench.stream.put("a")
        await bench.read()
        await until(lambda: bench.kept().ended)
        bench.stream.gone = True
        await until(lambda: "source-unreadable" in bench.codes)
        bench.stream.infos, bench.stream.shelves = [ShardInfo("s0", opened=2.0)], {}
        bench.stream.put("again")
        bench.stream.gone = False
        await until(lambda: bench.flat == ["a", "again"])
        assert bench.kept().since == 2.0

    play(scene)


def test_a_stream_that_comes_back_is_read_on() -> None:
    async def scene(bench: Bench) -> None:
        bench.stream.put("a")
        await bench.read()
        await until(lambda: bench.flat == ["a"])
        bench.stream.gone = True
        bench.stream.wake()
        await until(lambda: "source-unreadable" in bench.codes)
        bench.stream.gone = False
        bench.stream.put("b")
        await until(lambda: bench.flat == ["a", "b"])

    play(scene)


def test_a_stream_is_not_read_without_the_roles_rights() -> None:
    async def scene(bench: Bench) -> None:
        bench.stream.put("a")
        reader = await bench.read()
        await until(lambda: bench.flat == ["a"])
        bench.lacking = "no GetRecords"
        bench.stream.put("b")
        await until(lambda: reader.document()["LastResult"] == "PROBLEM: no GetRecords")
        assert bench.flat == ["a"]
        bench.lacking = ""
        await until(lambda: bench.flat == ["a", "b"])

    play(scene)


def test_an_expired_cursor_repeats_nothing_that_is_held() -> None:
    async def scene(bench: Bench) -> None:
        bench.stream.put("a", "b")
        bench.behave = lambda _event: THROTTLED
        reader = await bench.read(batch_size=1)
        await until(lambda: reader.document()["Behind"] == 2)
        bench.stream.trouble = [EXPIRED]
        bench.stream.put("c")
        await until(lambda: reader.document()["Behind"] == 3)
        assert bench.stream.seeks[-1] == ("s0", Position("AFTER_SEQUENCE_NUMBER", "000002"))
        bench.behave = lambda _event: DONE
        await until(lambda: bench.flat == ["a", "b", "c"])

    play(scene)


# --- failures and the clock


def test_retries_wait_for_the_platforms_clock() -> None:
    async def scene(bench: Bench) -> None:
        bench.stream.put("a")
        bench.behave = lambda _event: FAILED
        await bench.read(maximum_retries=2)
        await until(lambda: len(bench.events) == 1)
        await turns()
        assert len(bench.events) == 1
        await bench.clock.advance(60)
        assert len(bench.events) == 3
        await until(lambda: bench.kept().sequence == "000001")

    play(scene)


def test_a_window_is_closed_by_the_platforms_clock() -> None:
    async def scene(bench: Bench) -> None:
        bench.stream.put("a", "b")
        reader = await bench.read(window=60.0)
        await until(lambda: reader.document()["Behind"] == 2)
        await bench.clock.advance(59)
        assert not bench.events
        await bench.clock.advance(1)
        assert bench.texts == [["a", "b"]]

    play(scene)


def test_throttles_wait_in_real_time_and_hold_no_clock_up() -> None:
    async def scene(bench: Bench) -> None:
        bench.stream.put("a")
        bench.behave = lambda _event: THROTTLED
        reader = await bench.read(maximum_retries=0)
        await until(lambda: reader.document()["LastResult"].startswith("PROBLEM"))
        await asyncio.wait_for(bench.clock.advance(5), 1)
        bench.behave = lambda _event: DONE
        await until(lambda: bench.flat == ["a"])

    play(scene)


def test_a_batch_that_is_given_up_is_told_before_the_checkpoint_moves() -> None:
    async def scene(bench: Bench) -> None:
        bench.stream.put("a")
        bench.behave = lambda _event: FAILED
        queue = "arn:aws:sqs:eu-west-1:111111111111:failed"
        await bench.read(maximum_retries=0, on_failure=queue)
        await until(lambda: bench.told)
        await until(lambda: bench.kept().sequence == "000001")
        (letter,) = bench.told
        said = orjson.loads(letter.body)
        assert letter.target == queue and "payload" not in said
        assert said["requestContext"]["condition"] == "RetryAttemptsExhausted"
        assert said["KinesisBatchInfo"]["startSequenceNumber"] == "000001"

    play(scene)


def test_a_record_that_is_too_old_is_given_up_unseen_and_a_bucket_gets_the_payload() -> None:
    async def scene(bench: Bench) -> None:
        bench.stream.put("old")
        await bench.clock.advance(100)
        bench.stream.put("new")
        await bench.read(maximum_age=60, on_failure="arn:aws:s3:::failed")
        await until(lambda: bench.flat == ["new"] and bench.told)
        said = orjson.loads(bench.told[0].body)
        assert said["requestContext"]["condition"] == "RecordAgeExceeded" and "responseContext" not in said
        assert [one["data"] for one in orjson.loads(said["payload"])["Records"]] == ["old"]

    play(scene)


def test_a_checkpoint_that_was_not_written_is_written_later(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(bench: Bench) -> None:
        await bench.read()
        bench.checkpoints.broken = True
        bench.stream.put("a")
        await until(lambda: bench.flat == ["a"])
        await turns()
        assert bench.kept().sequence == ""
        bench.checkpoints.broken = False
        await until(lambda: bench.kept().sequence == "000001")
        assert bench.flat == ["a"]

    play(scene)
    assert "the disk is full" in caplog.text


def test_a_stop_waits_for_the_batch_that_runs_and_writes_what_it_did() -> None:
    async def scene(bench: Bench) -> None:
        go = asyncio.Event()

        async def wait(_event: Event) -> Outcome:
            await go.wait()
            return DONE

        bench.behave = wait
        bench.stream.put("a", "b")
        reader = await bench.read(batch_size=1)
        await until(lambda: reader.document()["InFlight"])
        stopping = asyncio.create_task(reader.stop())
        await turns()
        assert not stopping.done()
        go.set()
        await stopping
        assert bench.flat == ["a"] and bench.kept().sequence == "000001"

    play(scene)


def test_what_is_held_is_bounded_by_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_reader, "AHEAD_BYTES", 2_000)
    monkeypatch.setattr(shard_reader, "READ", 5)

    async def scene(bench: Bench) -> None:
        go = asyncio.Event()

        async def wait(_event: Event) -> Outcome:
            await go.wait()
            return DONE

        bench.behave = wait
        bench.stream.put(*["x" * 300] * 200)
        reader = await bench.read(batch_size=1)
        await until(lambda: reader.document()["InFlight"])
        await turns()
        assert reader.document()["Behind"] <= 15
        go.set()
        await until(lambda: len(bench.flat) == 200)

    play(scene)


# --- windows


@contextmanager
def counting(bench: Bench) -> Iterator[None]:
    def count(event: Event) -> Outcome:
        state = event["state"].get("count", 0) + len(event["Records"])
        return Outcome(orjson.dumps({"state": {"count": state}}))

    bench.behave = count
    yield


def final(bench: Bench) -> list[tuple[int, bool]]:
    return [
        (one["state"].get("count", 0), one["isWindowTerminatedEarly"])
        for one in bench.events
        if one["isFinalInvokeForWindow"]
    ]


def test_a_window_outlives_its_reader_and_ends_on_the_platforms_clock() -> None:
    async def scene(bench: Bench) -> None:
        with counting(bench):
            bench.stream.put("a", "b")
            reader = await bench.read(tumbling_window=60)
            await until(lambda: bench.flat == ["a", "b"])
            await reader.stop()
            assert bench.kept().sequence == "000002" and bench.kept().windows
            await bench.read(tumbling_window=60)
            await bench.clock.advance(61)
            await until(lambda: final(bench) == [(2, False)])
            await until(lambda: not bench.kept().windows)

    play(scene)


def test_a_window_whose_state_grows_too_large_ends_early() -> None:
    async def scene(bench: Bench) -> None:
        def grow(event: Event) -> Outcome:
            large = any(one["data"] == "large" for one in event["Records"])
            return Outcome(orjson.dumps({"state": {"count": 1, "more": "x" * (2 << 20 if large else 1)}}))

        bench.behave = grow
        await bench.read(tumbling_window=60)
        bench.stream.put("large")
        await until(lambda: final(bench) == [(1, True)])
        assert "window-state-too-large" in bench.codes
        bench.stream.put("later")
        await until(lambda: bench.flat == ["large", "later"])
        assert bench.events[-1]["state"] == {}
        await bench.clock.advance(61)
        await until(lambda: final(bench) == [(1, True), (1, False)])

    play(scene)


def test_a_reader_does_not_spin_while_a_final_invocation_runs() -> None:
    async def scene(bench: Bench) -> None:
        go, written = asyncio.Event(), 0

        async def wait(event: Event) -> Outcome:
            if event["isFinalInvokeForWindow"]:
                await go.wait()
            return DONE

        bench.behave = wait
        bench.stream.put("a")
        reader = await bench.read(tumbling_window=60)
        await until(lambda: bench.flat == ["a"])
        moving = asyncio.create_task(bench.clock.advance(61))
        await until(lambda: reader.document()["InFlight"])
        (shard,) = reader._readers.values()
        write = shard._write

        async def counted(ended: bool = False) -> None:
            nonlocal written
            written += 1
            await write(ended)

        shard._write = counted  # type: ignore[method-assign]
        await turns()
        assert written < 5
        go.set()
        await moving

    play(scene)


# --- parts of batches


@pytest.mark.parametrize("lanes", [1, 4])
def test_whatever_fails_order_is_kept_for_each_key(lanes: int) -> None:
    async def scene(bench: Bench) -> None:
        for number in range(60):
            bench.stream.put(f"{number:03}", key=f"k{number % 5}")
        done: list[str] = []

        def some(event: Event) -> Outcome:
            batch = event["Records"]
            turn = len(bench.events)
            if turn % 3 == 0:
                return FAILED
            at = turn % len(batch) if turn % 4 == 1 else len(batch)
            done.extend(one["data"] for one in batch[:at])
            return failures(*(one["sequence"] for one in batch[at : at + 1]))

        bench.behave = some
        await bench.read(batch_size=7, parallelization=lanes, reports_failures=True)
        while len(done) < 60:
            await turns(5)
            await bench.clock.advance(60)
        assert sorted(done) == [f"{number:03}" for number in range(60)]
        for key in range(5):
            of_key = [text for text in done if int(text) % 5 == key]
            assert of_key == sorted(of_key)

    play(scene)
