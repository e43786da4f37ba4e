"""The platform's clock: timers in order, moments that wait for what they started."""

import asyncio
import time

import pytest

from lambent.clock import Clock, ManualClock, make


def test_a_real_clock_is_the_machines() -> None:
    clock = make("real", 1)
    assert clock.monotonic is time.monotonic
    assert clock.wall is time.time
    assert clock.document()["kind"] == "real"


def test_a_scaled_clock_runs_faster_and_keeps_its_two_faces_together() -> None:
    async def scene() -> None:
        clock = make("real", 1000)
        wall, began, real = clock.wall(), clock.monotonic(), time.monotonic()
        fired: list[float] = []
        clock.call_at(began + 5, lambda: fired.append(clock.monotonic() - began))
        await clock.sleep(20)
        passed = clock.monotonic() - began
        assert passed >= 19 and time.monotonic() - real < 5
        assert clock.wall() - wall == pytest.approx(passed, abs=50)
        assert len(fired) == 1 and fired[0] >= 4
        assert (clock.kind, clock.scale) == ("scaled", 1000)

    asyncio.run(scene())


def test_a_cancelled_timer_never_fires() -> None:
    async def scene(clock: Clock) -> None:
        fired: list[int] = []
        clock.call_at(clock.monotonic(), lambda: fired.append(1)).cancel()
        timer = clock.call_at(clock.monotonic() + 0.001, lambda: fired.append(2))
        timer.cancel()
        timer.cancel()
        if isinstance(clock, ManualClock):
            await clock.advance(1)
        else:
            await clock.sleep(0.01)
        assert fired == []

    asyncio.run(scene(Clock()))
    asyncio.run(scene(ManualClock()))


def test_a_clock_moved_by_hand_stands_still_and_fires_in_order_at_each_timers_own_time() -> None:
    async def scene() -> None:
        clock = ManualClock(1_000.0)
        seen: list[tuple[str, float, float]] = []

        def see(name: str) -> None:
            seen.append((name, clock.monotonic(), clock.wall()))

        def first() -> None:
            see("first")
            clock.call_at(clock.monotonic() + 60, lambda: see("its child"))

        clock.call_at(300, lambda: see("late"))
        clock.call_at(60, first)
        clock.call_at(60, lambda: see("beside"))
        clock.call_at(3601, lambda: see("not yet"))
        await asyncio.sleep(0)
        assert seen == []
        assert await clock.advance(3600) == 0
        assert seen == [
            ("first", 60, 1060),
            ("beside", 60, 1060),
            ("its child", 120, 1120),
            ("late", 300, 1300),
        ]
        assert (clock.wall(), clock.monotonic()) == (4_600.0, 3_600.0)
        await clock.advance(1)
        assert seen[-1] == ("not yet", 3601, 4601)

    asyncio.run(scene())


def test_what_is_due_already_is_called_back_in_the_next_turn() -> None:
    async def scene() -> None:
        clock = ManualClock()
        fired: list[int] = []
        clock.call_at(clock.monotonic(), lambda: fired.append(1))
        assert fired == []
        await asyncio.sleep(0)
        assert fired == [1]

    asyncio.run(scene())


def test_a_moment_is_over_when_what_it_started_is() -> None:
    """Work that a timer starts takes real time; what follows from it falls due in the same move."""

    async def scene() -> None:
        clock = ManualClock()
        seen: list[float] = []

        async def work() -> None:
            clock.began()
            await asyncio.sleep(0.005)
            seen.append(clock.monotonic())
            if len(seen) < 3:
                clock.call_at(clock.monotonic() + 60 * len(seen), start)
            clock.ended()

        def start() -> None:
            tasks.append(asyncio.ensure_future(work()))

        tasks: list[asyncio.Future[None]] = []
        start()  # under way before the move
        assert await clock.advance(21_600) == 0
        assert seen == [0, 60, 180]

    asyncio.run(scene())


def test_work_that_takes_too_long_does_not_hold_the_clock() -> None:
    async def scene() -> None:
        clock = ManualClock()
        clock.began()
        assert await clock.advance(10, settle=0.01) == 1
        assert clock.monotonic() == 10
        clock.ended()
        assert await clock.advance(0) == 0

    asyncio.run(scene())


def test_sleepers_wake_when_their_time_comes() -> None:
    async def scene() -> None:
        clock = ManualClock()
        woken: list[float] = []

        async def every_hour() -> None:
            while True:
                await clock.sleep(3600)
                woken.append(clock.monotonic())

        task = asyncio.ensure_future(every_hour())
        await asyncio.sleep(0)
        await clock.advance(6 * 3600)
        assert woken == [3600.0 * hour for hour in range(1, 7)]
        task.cancel()

    asyncio.run(scene())


def test_two_moves_at_once_follow_one_another() -> None:
    async def scene() -> None:
        clock = ManualClock()
        await asyncio.gather(clock.advance(5), clock.advance(7))
        assert clock.monotonic() == 12
        with pytest.raises(ValueError, match="forward"):
            await clock.advance(-1)
        with pytest.raises(ValueError, match="forward"):
            await clock.advance(float("nan"))

    asyncio.run(scene())


def test_the_course_of_a_scaled_clock_is_what_it_reads() -> None:
    clock = make("real", 60)
    course = clock.course()
    before = clock.wall()
    read = course.wall_ns + (time.monotonic_ns() - course.monotonic_ns) * course.scale
    assert before - 1e-3 <= read / 1e9 <= clock.wall() + 1e-3
    assert course is clock.course()


def test_a_move_is_told_at_every_moment_before_its_timers_fire() -> None:
    async def scene() -> None:
        clock = ManualClock(1_700_000_000.123456)
        told: list[object] = []
        clock.on_move = lambda: told.append(clock.course().wall_ns / 1e9)
        clock.call_at(60, lambda: told.append("fired"))
        await clock.advance(3600)
        assert told == [1_700_000_060.123456, "fired", 1_700_003_600.123456]
        assert clock.course().wall_ns / 1e9 == clock.wall()
        assert clock.course().scale == 0

    asyncio.run(scene())
