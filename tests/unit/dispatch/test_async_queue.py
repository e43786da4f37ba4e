"""Asynchronous events from their acceptance to their end, in simulated time."""

import asyncio
import sqlite3
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from queue_kit import DONE, FAILED, SCOPE, START, THROTTLED, Bench, handling, play

from lambent.engine.async_event import Condition
from lambent.events import lanes
from lambent.model import lineage
from lambent.model.async_event import NewEvent
from lambent.model.invocation import Invocation, Outcome
from lambent.store.errors import StoreFull, StoreLocked
from lambent.store.events import Insert

Scene = Callable[[Bench], Awaitable[None]]
DAY = 86_400


@pytest.fixture
def stage(tmp_path: Path) -> Callable[[Scene], None]:
    return lambda scene: play(tmp_path, scene)


def test_an_event_is_run_once_and_forgotten(stage) -> None:
    async def scene(bench: Bench) -> None:
        await bench.send(payload=b'{"a": 1}')
        assert await bench.clock.advance(DAY) == 0
        assert [(at, one.payload, one.request_id) for at, one in bench.ran] == [(0, b'{"a": 1}', "id")]
        assert bench.ran[0][1].trace_id.startswith("Root=1;Lineage=1:")
        assert await bench.on_disk() == 0
        assert (bench.delivered, bench.findings) == ([], [])
        assert bench.total("AsyncEventsReceived") == 1
        assert bench.total("AsyncEventsDropped") == 0

    stage(scene)


def test_an_event_that_is_answered_twice_ends_once(stage, caplog: pytest.LogCaptureFixture) -> None:
    async def scene(bench: Bench) -> None:
        bench.behave = lambda _: None
        bench.handled["f"] = handling("f", on_success="arn")
        await bench.send()
        await bench.clock.advance(0, settle=0.02)
        [(_, finish)] = bench.open
        for _ in range(3):
            finish(DONE)
        await bench.clock.advance(1)
        assert len(bench.delivered) == 1
        assert await bench.on_disk() == 0
        bench.behave = lambda _: DONE
        for number in range(3):
            await bench.send(request_id=f"r{number}")
        await asyncio.wait_for(bench.clock.advance(0), 5)
        assert len(bench.ran) == 4

    stage(scene)
    assert caplog.text.count("ended twice") == 2


def test_a_late_answer_of_a_run_that_was_given_up_does_not_end_the_next_one(stage) -> None:
    async def scene(bench: Bench) -> None:
        answers, again = [], asyncio.Event()

        def breaks_after_taking(made, invocation, answer) -> None:
            answers.append(answer)
            if len(answers) == 1:
                raise OSError("the environment broke")
            again.set()

        bench.submit = breaks_after_taking
        bench.handled["f"] = handling("f", on_success="arn", retries=2)
        await bench.send()
        moving = asyncio.ensure_future(bench.clock.advance(60))
        await asyncio.wait_for(again.wait(), 30)
        answers[0](FAILED)
        assert (bench.delivered, await bench.on_disk()) == ([], 1)
        answers[1](DONE)
        await asyncio.wait_for(moving, 30)
        [(_, ending)] = bench.delivered
        assert (ending.outcome, await bench.on_disk()) == (DONE, 0)

    stage(scene)


def test_a_function_error_is_retried_twice_under_the_same_request_id(stage) -> None:
    async def scene(bench: Bench) -> None:
        bench.behave = lambda _: FAILED
        bench.handled["f"] = handling("f", on_failure="arn")
        await bench.send()
        await bench.clock.advance(6 * 3600)
        assert [at for at, _ in bench.ran] == [0, 60, 180]
        assert {one.request_id for _, one in bench.ran} == {"id"}
        assert len({one.trace_id for _, one in bench.ran}) == 1
        [(_, ending)] = bench.delivered
        assert (ending.condition, ending.invocations, ending.outcome) == (Condition.RETRIES, 3, FAILED)
        assert await bench.on_disk() == 0
        assert bench.total("AsyncEventsDropped") == 1
        assert bench.findings == []

    stage(scene)


def test_an_event_that_ends_nowhere_is_reported(stage) -> None:
    async def scene(bench: Bench) -> None:
        bench.behave = lambda _: FAILED
        bench.handled["f"] = handling("f", retries=0, on_success="arn")
        for number in range(2):
            await bench.send(request_id=f"r{number}")
        await bench.clock.advance(0)
        finding = bench.findings[-1]
        assert finding.code == "event-dropped/RetriesExhausted"
        assert finding.message.startswith("dropped: no destination. 2 events")
        assert bench.delivered == []

    stage(scene)


def test_a_success_goes_to_its_destination_and_never_to_the_dead_letters(stage) -> None:
    async def scene(bench: Bench) -> None:
        bench.handled["f"] = handling("f", on_success="arn")
        bench.handled["g"] = handling("g", on_failure="arn", dead_letter="arn")
        await bench.send("f")
        await bench.send("g")
        await bench.clock.advance(0)
        assert [(event.function, ending.condition) for event, ending in bench.delivered] == [("f", Condition.SUCCESS)]

    stage(scene)


def test_a_throttled_function_gets_its_events_for_six_hours(stage) -> None:
    async def scene(bench: Bench) -> None:
        tries: list[float] = []

        def behave(_: Invocation) -> Exception:
            tries.append(bench.clock.wall() - START)
            return THROTTLED

        bench.behave = behave
        bench.handled["f"] = handling("f", dead_letter="arn")
        await bench.send()
        await bench.clock.advance(5 * 3600)
        assert bench.delivered == []
        assert tries[:6] == [0, 1, 3, 7, 15, 31]
        assert await bench.on_disk() == 1
        await bench.clock.advance(3600)
        [(_, ending)] = bench.delivered
        assert (ending.condition, ending.invocations, ending.outcome) == (Condition.AGE, 0, None)
        assert (bench.ran, await bench.on_disk()) == ([], 0)

    stage(scene)


def test_reserved_concurrency_0_tries_nothing(stage) -> None:
    async def scene(bench: Bench) -> None:
        bench.behave = lambda _: THROTTLED
        bench.handled["f"] = handling("f", disabled=True, on_failure="arn")
        await bench.send()
        await bench.clock.advance(0)
        [(_, ending)] = bench.delivered
        assert (ending.condition, ending.invocations, ending.outcome) == (Condition.ZERO, 0, None)

    stage(scene)


def test_events_that_wait_for_a_place_of_their_function_take_it_when_it_is_free(stage) -> None:
    """Not when a back-off ends: nobody was too fast."""

    async def scene(bench: Bench) -> None:
        bench.behave = lambda _: THROTTLED if bench.open else None
        for number in range(5):
            await bench.send(request_id=f"r{number}")
        for number in range(5):
            await bench.clock.advance(0, settle=0.05)
            assert [one.request_id for _, one in bench.ran] == [f"r{n}" for n in range(number + 1)]
            bench.open.pop()[1](DONE)
        await bench.clock.advance(0)
        assert await bench.on_disk() == 0

    stage(scene)


def test_an_event_grows_too_old_behind_one_that_runs(stage) -> None:
    async def scene(bench: Bench) -> None:
        bench.behave = lambda _: THROTTLED if bench.open else None
        bench.handled["f"] = handling("f", max_age=60.0, on_failure="arn")
        await bench.send(request_id="long")
        await bench.send(request_id="late")
        await bench.clock.advance(59, settle=0.05)
        assert bench.delivered == []
        await bench.clock.advance(1, settle=0.05)
        assert [(event.request_id, ending.condition) for event, ending in bench.delivered] == [("late", Condition.AGE)]
        bench.open.pop()[1](DONE)
        await bench.clock.advance(0)
        assert await bench.on_disk() == 0

    stage(scene)


def test_a_fault_of_ours_is_tried_again(stage) -> None:
    async def scene(bench: Bench) -> None:
        said = [OSError("no"), OSError("no"), DONE]
        bench.behave = lambda _: said.pop(0)
        await bench.send()
        await bench.clock.advance(10)
        assert [at for at, _ in bench.ran] == [0, 1, 3]
        assert (await bench.on_disk(), bench.findings) == (0, [])

    stage(scene)


def test_events_of_a_deleted_function_are_dropped_and_reported(stage) -> None:
    async def scene(bench: Bench) -> None:
        bench.behave = lambda _: FAILED
        await bench.send(request_id="r1")
        await bench.clock.advance(30)
        bench.handled["f"] = None
        await bench.send(request_id="r2")
        await bench.clock.advance(30)
        assert [one.code for one in bench.findings] == ["event-dropped/function-gone"] * 2
        assert "2 events" in bench.findings[-1].message
        assert (len(bench.ran), await bench.on_disk()) == (1, 0)
        assert bench.total("AsyncEventsDropped") == 2

    stage(scene)


def test_a_restart_goes_on_with_what_is_on_disk(tmp_path: Path) -> None:
    async def before(bench: Bench) -> None:
        bench.behave = lambda one: FAILED if one.request_id == "fails" else None
        await bench.send(request_id="fails", qualifier="live")
        await bench.send(request_id="runs", payload=b"[1]")
        await bench.clock.advance(0, settle=0.05)
        assert len(bench.ran) == 2

    async def after(bench: Bench) -> None:
        assert await bench.on_disk() == 2
        await bench.clock.advance(59)
        assert [(one.request_id, one.payload) for _, one in bench.ran] == [("runs", b"[1]")]
        await bench.clock.advance(3600)
        assert [at for at, _ in bench.ran] == [0, 60]
        assert await bench.on_disk() == 0
        await bench.send(request_id="new")
        await bench.clock.advance(0)
        assert bench.ran[-1][1].request_id == "new"

    play(tmp_path, before)
    play(tmp_path, after)


def test_events_of_a_clock_that_was_ahead_count_from_now(tmp_path: Path) -> None:
    async def before(bench: Bench) -> None:
        bench.behave = lambda _: FAILED
        await bench.clock.advance(365 * DAY)
        await bench.send()
        await bench.clock.advance(0)

    async def after(bench: Bench) -> None:
        await bench.clock.advance(61)
        assert [at for at, _ in bench.ran] == [60]

    play(tmp_path, before)
    play(tmp_path, after)


def test_places_are_shared_and_every_function_has_one(stage) -> None:
    async def scene(bench: Bench) -> None:
        bench.behave = lambda _: None
        for _ in range(lanes.AT_ONCE + 20):
            await bench.send("greedy")
        await bench.clock.advance(0, settle=0.02)
        assert len(bench.open) == lanes.AT_ONCE
        await bench.send("modest")
        await bench.send("modest")
        await bench.clock.advance(0, settle=0.02)
        assert [name for name, _ in bench.open].count("modest") == 1
        bench.open.pop(0)[1](DONE)
        bench.open.pop(0)[1](DONE)
        await bench.clock.advance(0, settle=0.02)
        # In turn: of the two places that fell free, and were one too many, each function got none or one.
        assert len(bench.open) == lanes.AT_ONCE
        bench.behave = lambda _: DONE
        while bench.open:
            bench.open.pop()[1](DONE)
        await bench.clock.advance(0)
        assert await bench.on_disk() == 0

    stage(scene)


def test_many_events_wait_on_disk_not_in_memory(stage) -> None:
    async def scene(bench: Bench) -> None:
        bench.behave = lambda _: THROTTLED
        await asyncio.gather(*(bench.send(request_id=f"r{n}") for n in range(1_000)))
        [lane] = bench.queue._turns._lanes.values()
        assert len(lane.held) <= lanes.WINDOW
        assert await bench.on_disk() == 1_000
        bench.behave = lambda _: DONE
        await bench.clock.advance(600)
        assert sorted(one.request_id for _, one in bench.ran) == sorted(f"r{n}" for n in range(1_000))
        assert (await bench.on_disk(), bench.queue._turns._lanes) == (0, {})
        assert bench.most <= lanes.AT_ONCE

    stage(scene)


def test_what_is_accepted_while_older_ones_wait_runs_after_them_and_once(stage) -> None:
    async def scene(bench: Bench) -> None:
        order: list[str] = []

        def behave(one: Invocation) -> Outcome:
            order.append(one.request_id)
            return DONE

        bench.behave = behave
        for burst in range(20):
            await asyncio.gather(*(bench.send(request_id=f"{burst:02}-{n:03}") for n in range(60)))
        await bench.clock.advance(0)
        assert len(order) == len(set(order)) == 1_200
        assert await bench.on_disk() == 0

    stage(scene)


def test_what_can_not_be_written_is_not_accepted(stage, monkeypatch) -> None:
    async def scene(bench: Bench) -> None:
        write = bench.events.write

        def full(change, then, failed) -> None:
            if isinstance(change, Insert):
                asyncio.get_running_loop().call_soon(failed, StoreFull("no room"))
            else:
                write(change, then, failed)

        monkeypatch.setattr(bench.events, "write", full)
        with pytest.raises(StoreFull):
            await bench.send()
        await bench.clock.advance(60)
        assert (bench.ran, await bench.on_disk()) == ([], 0)

    stage(scene)


def test_an_end_that_can_not_be_written_now_is_written_later(stage, monkeypatch) -> None:
    async def scene(bench: Bench) -> None:
        write, refusals = bench.events.write, [StoreFull("no room")]

        def sometimes(change, then, failed) -> None:
            if refusals and not isinstance(change, Insert):
                asyncio.get_running_loop().call_soon(failed, refusals.pop())
            else:
                write(change, then, failed)

        monkeypatch.setattr(bench.events, "write", sometimes)
        await bench.send()
        await bench.clock.advance(DAY)
        assert (len(bench.ran), refusals, await bench.on_disk()) == (1, [], 0)

    stage(scene)


def test_a_loop_is_stopped_after_16_rounds(stage) -> None:
    async def scene(bench: Bench) -> None:
        bench.handled["f"] = handling("f", on_failure="arn")
        trace = "Root=1"
        for _ in range(20):
            await bench.queue.accept(NewEvent(SCOPE, "f", "", "id", b"{}", trace))
            await bench.clock.advance(0)
            trace = bench.ran[-1][1].trace_id
        assert len(bench.ran) == 16
        assert {ending.condition for _, ending in bench.delivered} == {Condition.LOOP}
        assert bench.total("RecursiveInvocationsDropped") == 4
        assert {one.code for one in bench.findings} == {"recursive-loop"}
        bench.handled["f"] = handling("f", stops_loops=False)
        await bench.queue.accept(NewEvent(SCOPE, "f", "", "id", b"{}", trace))
        await bench.clock.advance(0)
        assert len(bench.ran) == 17

    stage(scene)


def test_a_loop_that_aws_does_not_see_runs_on_and_is_reported(stage) -> None:
    async def scene(bench: Bench) -> None:
        bench.handled["f"] = handling("f")
        bench.handled["g"] = handling("g", stops_loops=False)
        for name in ("f", "g"):
            trace = "Root=1"
            for _ in range(18):
                await bench.queue.accept(NewEvent(SCOPE, name, "", "id", b"{}", trace))
                await bench.clock.advance(0)
                trace = lineage.unwatched(bench.ran[-1][1].trace_id, "events")
        assert len(bench.ran) == 36
        assert [(one.code, one.resource) for one in dict.fromkeys(bench.findings)] == [
            ("unseen-loop", handling("f").function.arn)
        ]
        assert "through events, which AWS does not watch" in bench.findings[0].message

    stage(scene)


def test_events_may_be_delivered_twice(stage) -> None:
    async def scene(bench: Bench) -> None:
        bench.twice = lambda: True
        await bench.send(request_id="r")
        await bench.clock.advance(0)
        await bench.clock.advance(0)
        assert [one.request_id for _, one in bench.ran] == ["r", "r"]
        assert bench.total("AsyncEventsReceived") == 1

    stage(scene)


def test_a_function_that_is_not_ready_gets_its_events_later(stage) -> None:
    async def scene(bench: Bench) -> None:
        bench.handled["f"] = handling("f", ready=False)
        await bench.send()
        await bench.clock.advance(2)
        assert bench.ran == []
        bench.handled["f"] = handling("f")
        await bench.clock.advance(2)
        assert len(bench.ran) == 1

    stage(scene)


def test_a_locked_database_refuses_and_loses_nothing(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        bench.behave = lambda _: None
        await bench.send(request_id="before")
        await bench.clock.advance(0, settle=0.05)
        locking = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
        locking.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreLocked):
            await bench.send(request_id="meanwhile")
        bench.open.pop()[1](DONE)  # its end can't be written yet
        await asyncio.sleep(0.05)  # the time in which the store's thread gives up: SQLite waits by itself
        locking.execute("ROLLBACK")
        locking.close()
        await bench.clock.advance(DAY)
        assert [one.request_id for _, one in bench.ran] == ["before"]
        assert await bench.on_disk() == 0

    play(tmp_path, scene, busy=0.02)


def test_a_hundred_thousand_events_wait(tmp_path: Path) -> None:
    """Start-up and memory do not grow with the events that wait."""
    count = 100_000

    async def nothing(_bench: Bench) -> None:
        """The tables are made."""

    async def scene(bench: Bench) -> None:
        tracemalloc.start()
        began = time.process_time()
        queue = bench.new_queue()
        await queue.open()
        assert await queue.start() == count
        assert time.process_time() - began < 2
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
        tracemalloc.stop()
        assert bench.ran == []

    play(tmp_path, nothing)
    with sqlite3.connect(tmp_path / "state.db") as filling:
        filling.execute(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
            "INSERT INTO async_events SELECT i, '111111111111', 'us-east-1', 'f' || i % 10, '', 'r', 2, '{}', "
            f"'Root=1', NULL, {START}, {START + 3_600}, 0, 0, 0 FROM n"
        )
    play(tmp_path, scene)


def test_large_payloads_lie_apart_and_go_with_their_event(tmp_path: Path) -> None:
    payload = b'"' + b"x" * 300_000 + b'"'

    async def before(bench: Bench) -> None:
        bench.behave = lambda _: FAILED
        await bench.send(payload=payload)
        await bench.send("g", payload=b"1")
        await bench.clock.advance(0)

    async def after(bench: Bench) -> None:
        await bench.clock.advance(60)
        assert sorted(one.payload for _, one in bench.ran) == [payload, b"1"]
        assert await bench.on_disk() == 0

    def apart() -> int:
        with sqlite3.connect(tmp_path / "state.db") as looking:
            return int(looking.execute("SELECT count(*) FROM async_event_contents").fetchone()[0])

    play(tmp_path, before)
    assert apart() == 1
    play(tmp_path, after)
    assert apart() == 0


def test_what_can_not_be_sent_while_the_server_closes_is_sent_by_the_next(tmp_path: Path) -> None:
    async def before(bench: Bench) -> None:
        bench.handled["f"] = handling("f", on_success="arn")
        gate = asyncio.Event()

        async def wait() -> None:
            await gate.wait()

        bench.delivering, bench.undeliverable = wait, True
        await bench.send()
        await bench.clock.advance(0, settle=0.02)
        closing = asyncio.create_task(bench.queue.close(0.1))
        await asyncio.sleep(0)
        gate.set()
        await closing
        assert await bench.on_disk() == 1

    async def after(bench: Bench) -> None:
        bench.handled["f"] = handling("f", on_success="arn")
        await bench.clock.advance(0)
        assert (len(bench.delivered), await bench.on_disk()) == (1, 0)

    play(tmp_path, before)
    play(tmp_path, after)


def test_settings_that_can_not_be_read_lose_nothing(stage) -> None:
    async def scene(bench: Bench) -> None:
        resolve, failures = bench.resolve, [RuntimeError("no")]

        def sometimes(*asked):
            if failures:
                raise failures.pop()
            return resolve(*asked)

        bench.resolve = sometimes
        await bench.send()
        await bench.clock.advance(2)
        assert (len(bench.ran), await bench.on_disk()) == (1, 0)

    stage(scene)


def test_events_that_can_not_be_read_now_are_read_later(tmp_path: Path, monkeypatch) -> None:

    async def before(bench: Bench) -> None:
        bench.behave = lambda _: FAILED
        await bench.send()
        await bench.clock.advance(0)

    async def after(bench: Bench) -> None:
        due, failures = bench.events.due, [StoreLocked("no")] * 2

        async def sometimes(*asked):
            if failures:
                raise failures.pop()
            return await due(*asked)

        monkeypatch.setattr(bench.events, "due", sometimes)
        await bench.clock.advance(61)
        assert (len(bench.ran), failures) == (1, [])

    play(tmp_path, before)
    play(tmp_path, after)
