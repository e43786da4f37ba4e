"""Of which seconds the first request is recorded."""

import asyncio

from lambent.clock import Clock, ManualClock
from lambent.server.traces import sampled_seconds


def test_a_clock_that_stands_still_has_seconds_all_the_same() -> None:
    clock = ManualClock(1000.0)
    seconds = sampled_seconds(clock)
    before = seconds()
    asyncio.run(clock.advance(5.0))
    assert 5.0 <= seconds() - before < 6.0 < seconds() - clock.wall()


def test_another_clock_tells_its_own() -> None:
    clock = Clock(60.0)
    assert abs(sampled_seconds(clock)() - clock.wall()) < 60.0
