"""Pushes from their acceptance to their end, in simulated time."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from push_kit import BUSY, GONE, START, Bench, play, push, queue

from lambent.engine.push_retry import of_letter
from lambent.events import push_lanes
from lambent.model.delivery import Delivery
from lambent.model.push import RetryPolicy
from lambent.store.errors import StoreFull

Scene = Callable[[Bench], Awaitable[None]]
HOUR = 3_600.0


@pytest.fixture
def stage(tmp_path: Path) -> Callable[[Scene], None]:
    return lambda scene: play(tmp_path, scene)


def failing(*refusals: Exception) -> Callable[[Delivery], Awaitable[Exception | None]]:
    waiting = list(refusals)

    async def behave(_delivery: Delivery) -> Exception | None:
        return waiting.pop(0) if waiting else None

    return behave


def test_a_push_is_sent_once_and_forgotten(stage) -> None:
    async def scene(bench: Bench) -> None:
        await bench.pushes.add([push(body=b"1"), push("other", b"2")])
        assert await bench.clock.advance(HOUR) == 0
        assert sorted(bench.sent) == [(0, "other", b"2"), (0, "q", b"1")]
        assert (await bench.on_disk(), bench.findings) == (0, [])

    stage(scene)


def test_it_waits_until_it_is_due(stage) -> None:
    async def scene(bench: Bench) -> None:
        await bench.pushes.add([push(body=b"late", due=START + 60), push(body=b"soon", due=START + 5)])
        await bench.clock.advance(59)
        assert bench.sent == [(5, "q", b"soon")]
        await bench.clock.advance(1)
        assert bench.sent[1:] == [(60, "q", b"late")]

    stage(scene)


def test_many_that_are_due_go_in_the_order_of_their_time(stage) -> None:
    async def scene(bench: Bench) -> None:
        count = 100
        await bench.pushes.add([push(body=b"%d" % (count - n), due=START + count - n) for n in range(count)])
        await bench.clock.advance(2 * HOUR)
        assert [(at, int(body)) for at, _, body in bench.sent] == [(n, n) for n in range(1, count + 1)]

    stage(scene)


def test_what_may_pass_is_tried_again_on_the_platform_s_clock(stage) -> None:
    async def scene(bench: Bench) -> None:
        bench.behave = failing(BUSY, BUSY, BUSY)
        await bench.pushes.add([push()])
        await bench.clock.advance(HOUR)
        assert [at for at, _ in bench.tried] == [0, 0, 1, 21]
        assert await bench.on_disk() == 0

    stage(scene)


def test_the_dead_letter_queue_takes_what_is_given_up(stage) -> None:
    async def scene(bench: Bench) -> None:
        async def behave(delivery: Delivery) -> Exception | None:
            return BUSY if delivery.target == queue("q") else None

        bench.behave = behave
        await bench.pushes.add([push(dead_letter=queue("letters"), attributes={"a": ("String", "b")})])
        await bench.clock.advance(HOUR)
        [letter] = bench.letters
        assert (letter.body, letter.attributes) == (b"b", {"a": ("String", "b")})
        assert (await bench.on_disk(), bench.findings) == (0, [])

    stage(scene)


def test_an_error_that_nothing_helps_goes_to_the_dead_letters_at_once(stage) -> None:
    async def scene(bench: Bench) -> None:
        bench.behave = failing(GONE)
        await bench.pushes.add([push(dead_letter=queue("letters"))])
        await bench.clock.advance(0)
        assert [letter.body for letter in bench.letters] == [b"b"]

    stage(scene)


def test_what_is_lost_is_reported(stage, caplog: pytest.LogCaptureFixture) -> None:
    async def scene(bench: Bench) -> None:
        bench.behave = failing(GONE, GONE, GONE)
        await bench.pushes.add([push()])
        await bench.clock.advance(0)
        await bench.pushes.add([push(dead_letter=queue("letters"))])
        await bench.clock.advance(0)
        assert [finding.code for finding in bench.findings] == ["undelivered/sns"] * 2
        assert "letters: gone" in bench.findings[1].message
        assert await bench.on_disk() == 0

    stage(scene)


def test_what_may_not_be_sent_is_not(stage) -> None:
    async def scene(bench: Bench) -> None:
        bench.refused = "not authorized"
        await bench.pushes.add([push(dead_letter=queue("letters"))])
        await bench.clock.advance(0)
        assert [name for _, name, _ in bench.sent] == ["letters"]

    stage(scene)


def test_a_dead_letter_goes_where_its_service_may_send(stage) -> None:
    async def scene(bench: Bench) -> None:
        bench.behave, bench.refused_letters = failing(GONE), "the queue's policy does not say so"
        await bench.pushes.add([push(dead_letter=queue("letters"))])
        await bench.clock.advance(0)
        assert bench.letters == []
        assert "nor to its dead letter queue" in bench.findings[0].message
        assert bench.refused_letters in bench.findings[0].message

    stage(scene)


def test_a_schedules_letter_is_sent_by_its_role_and_a_rules_by_the_service() -> None:
    made = push(dead_letter=queue("letters"))._replace(role="arn:aws:iam::111111111111:role/r")
    letter = made.delivery._replace(target=queue("letters"))
    roles = {kind: of_letter(made._replace(kind=kind), letter).role for kind in ("scheduler", "events")}
    assert roles == {"scheduler": made.role, "events": ""}


def test_what_could_not_be_made_is_dead_at_once(stage) -> None:
    async def scene(bench: Bench) -> None:
        await bench.pushes.add([push(dead_letter=queue("letters"), letter="the event", lost="too much")])
        await bench.clock.advance(0)
        assert [(name, body) for _, name, body in bench.sent] == [("letters", b"the event")]

    stage(scene)


def test_it_may_be_sent_twice(stage) -> None:
    async def scene(bench: Bench) -> None:
        bench.twice = True
        await bench.pushes.add([push()])
        await bench.clock.advance(0)
        assert len(bench.sent) == 2

    stage(scene)


def test_a_target_that_does_not_answer_holds_up_nobody(stage) -> None:
    async def scene(bench: Bench) -> None:
        done = asyncio.Event()

        async def behave(delivery: Delivery) -> Exception | None:
            if delivery.target == queue("slow"):
                await asyncio.Event().wait()
            if len(bench.sent) == 499:
                done.set()
            return None

        bench.behave = behave
        await bench.pushes.add([push("slow") for _ in range(500)])
        await bench.pushes.add([push("quick", b"%d" % number) for number in range(500)])
        await asyncio.wait_for(done.wait(), 10)
        assert {name for _, name, _ in bench.sent} == {"quick"}

    stage(scene)


def test_a_group_keeps_its_order_through_failures(stage) -> None:
    async def scene(bench: Bench) -> None:
        bench.behave = failing(BUSY, BUSY, BUSY)
        await bench.pushes.add([push("q.fifo", b"%d" % number, "g") for number in range(300)])
        await bench.pushes.add([push("q.fifo", b"%d" % number, "g") for number in range(300, 600)])
        await bench.clock.advance(20)
        assert bench.sent == []
        await bench.clock.advance(1)
        assert [int(body) for _, _, body in bench.sent] == list(range(600))
        assert bench.sent[0][0] == 21
        assert await bench.on_disk() == 0

    stage(scene)


def test_a_group_keeps_its_order_through_a_restart(tmp_path: Path) -> None:
    async def before(bench: Bench) -> None:
        bench.behave = failing(*[BUSY] * 3)
        await bench.pushes.add([push("q.fifo", b"%d" % number, "g") for number in range(5)])
        await bench.clock.advance(2)
        assert len(bench.tried) == 3

    async def after(bench: Bench) -> None:
        assert bench.sent == []
        await bench.clock.advance(21)
        assert [int(body) for _, _, body in bench.sent] == list(range(5))
        assert len(bench.tried) == 5

    play(tmp_path, before, killed=True)
    play(tmp_path, after)


def test_pushes_survive_a_crash_with_their_tries_and_all_that_they_say(tmp_path: Path) -> None:
    made = push(body=b"\xff\x00", dead_letter=queue("letters"), policy=RetryPolicy(3, pauses=(0.0, 30.0)))
    made = made._replace(delivery=made.delivery._replace(attributes={"n": ("Binary", "AA==")}, subject="s"))

    async def before(bench: Bench) -> None:
        bench.behave = failing(BUSY, BUSY)
        await bench.pushes.add([made])
        await bench.clock.advance(1)

    async def after(bench: Bench) -> None:
        [waiting] = (await bench.store.due(f"{queue('q')} ", START + HOUR, 9, 9, ())).pushes
        assert (waiting.push, waiting.tries.count) == (made, 2)
        bench.behave = failing(BUSY)
        await bench.clock.advance(HOUR)
        assert [letter.body for letter in bench.letters] == [b"\xff\x00"]

    play(tmp_path, before, killed=True)
    play(tmp_path, after)


def test_a_new_server_goes_on_numbering(tmp_path: Path) -> None:
    async def before(bench: Bench) -> None:
        bench.behave = failing(*[BUSY] * 9)
        await bench.pushes.add([push(body=b"first")])

    async def after(bench: Bench) -> None:
        await bench.pushes.add([push(body=b"second")])
        await bench.clock.advance(HOUR)
        assert sorted(body for _, _, body in bench.sent) == [b"first", b"second"]

    play(tmp_path, before, killed=True)
    play(tmp_path, after)


def test_what_was_accepted_under_a_clock_ahead_is_not_held_back(tmp_path: Path) -> None:
    async def before(bench: Bench) -> None:
        await bench.clock.advance(9 * HOUR)
        bench.behave = failing(*[BUSY] * 3)
        await bench.pushes.add([push()])
        await bench.clock.advance(2)

    async def after(bench: Bench) -> None:
        await bench.clock.advance(21)
        assert len(bench.sent) == 1

    play(tmp_path, before, killed=True)
    play(tmp_path, after)


def test_memory_holds_a_window(stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_lanes, "WINDOW", 8)
    monkeypatch.setattr(push_lanes, "TOTAL_BYTES", 20_000)

    async def scene(bench: Bench) -> None:
        most = 0

        async def behave(_delivery: Delivery) -> Exception | None:
            nonlocal most
            most = max(most, bench.pushes._memory.used)
            return None

        bench.behave = behave
        for number in range(40):
            await bench.pushes.add([push(f"q{number % 5}", bytes(1_000)) for _ in range(10)])
        await bench.clock.advance(0)
        assert len(bench.sent) == 400
        assert 0 < most < 30_000
        assert bench.pushes._memory.used == 0

    stage(scene)


def test_very_many_targets_take_turns_in_memory(stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_lanes, "TOTAL_BYTES", 10_000)
    monkeypatch.setattr(push_lanes, "MOST_BYTES", 30_000)

    async def scene(bench: Bench) -> None:
        most = 0

        async def behave(_delivery: Delivery) -> Exception | None:
            nonlocal most
            most = max(most, bench.pushes._memory.used)
            await asyncio.sleep(0)
            return None

        bench.behave = behave
        await bench.pushes.add([push(f"q{number}", bytes(1_000)) for number in range(200) for _ in range(3)])
        await bench.clock.advance(0)
        assert len(bench.sent) == 600
        assert most < 35_000
        assert (bench.pushes._memory.used, await bench.on_disk()) == (0, 0)

    stage(scene)


def test_what_is_not_on_disk_is_not_sent(stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(bench: Bench) -> None:
        async def insert(*_args: object, **_more: object) -> None:
            raise StoreFull("full")

        monkeypatch.setattr(bench.store, "insert", insert)
        with pytest.raises(StoreFull):
            await bench.pushes.add([push()])
        await bench.clock.advance(HOUR)
        assert bench.tried == []

    stage(scene)


def test_what_fails_while_the_server_closes_is_left_for_the_next(tmp_path: Path) -> None:
    async def before(bench: Bench) -> None:
        closed = asyncio.Event()

        async def behave(_delivery: Delivery) -> Exception | None:
            await closed.wait()
            return GONE

        bench.behave = behave
        await bench.pushes.add([push()])
        await bench.clock.advance(0, settle=0.01)
        asyncio.get_running_loop().call_later(0.01, closed.set)

    async def after(bench: Bench) -> None:
        await bench.clock.advance(0)
        assert len(bench.sent) == 1

    play(tmp_path, before)
    play(tmp_path, after)
