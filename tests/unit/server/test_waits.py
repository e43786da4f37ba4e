"""Waits of executions on the platform's clock."""

import asyncio
import json
from typing import Any

from lambent.clock import Clock, ManualClock
from lambent.server.waits import Waits
from lambent.wire.http import Request


async def ask(waits: Waits, said: Any) -> dict[str, Any]:
    answer = await waits.answer(Request("POST", "/", body=json.dumps(said).encode()))
    return json.loads(answer.body) if answer.status == 200 else {"status": answer.status}


def test_a_wait_is_over_when_the_clock_was_moved() -> None:
    async def run() -> None:
        clock = ManualClock(1000.0)
        waits = Waits(clock, ask_seconds=0.0, reaction_seconds=0.0)
        begun = await ask(waits, {"seconds": 3600})
        assert begun == {"kind": "manual", "now": 1000.0, "wait": 1, "passed": False}
        await clock.advance(3599)
        assert not (await ask(waits, {"wait": 1}))["passed"]
        assert await clock.advance(1) == 0
        assert (await ask(waits, {"wait": 1}))["passed"]
        assert (await ask(waits, {"wait": 1}))["passed"], "what is not there any more is over"

    asyncio.run(run())


def test_one_move_of_the_clock_passes_waits_that_follow_one_another() -> None:
    async def run() -> None:
        clock = ManualClock(0.0)
        waits = Waits(clock, ask_seconds=5.0, reaction_seconds=0.05)

        async def execution() -> float:
            for _ in range(3):
                await ask(waits, {"seconds": 3600})
            return clock.wall()

        running = asyncio.create_task(execution())
        await asyncio.sleep(0)
        await clock.advance(3 * 3600)
        assert await running == 3 * 3600

    asyncio.run(run())


def test_a_real_clock_leaves_waits_to_who_waits() -> None:
    async def run() -> None:
        told = await ask(Waits(Clock()), {"seconds": 3600})
        assert told["kind"] == "real" and "wait" not in told

    asyncio.run(run())


def test_a_wait_that_is_ended_has_no_timer() -> None:
    async def run() -> None:
        clock = ManualClock(0.0)
        waits = Waits(clock, ask_seconds=0.0)
        begun = await ask(waits, {"seconds": 10})
        assert not (await ask(waits, {"wait": begun["wait"], "end": True}))["passed"]
        assert await clock.advance(20) == 0

    asyncio.run(run())


def test_what_is_no_wait_is_refused() -> None:
    async def run() -> None:
        waits = Waits(ManualClock(0.0))
        for said in ([], {"seconds": "x"}, {"seconds": -1}, {"seconds": float("nan")}, {"wait": []}, None):
            assert await ask(waits, said) == {"status": 400}, said

    asyncio.run(run())
