"""When a sandbox holds too much, and how often it is looked at."""

import asyncio

import pytest

from lambent.sandbox.epolls import Epolls
from lambent.sandbox.watch import MemoryWatch, over_limit


@pytest.mark.parametrize(
    ("usage", "held", "tmp", "expected"),
    [
        (90, 90, 0, False),
        (110, 110, 0, True),
        (110, 60, 0, False),  # page cache
        (400, 390, 300, False),  # /tmp
        (400, 390, 200, True),
        (100, 100, 0, False),
    ],
)
def test_over_limit(usage: int, held: int, tmp: int, expected: bool) -> None:
    assert over_limit(100, usage, lambda: held, lambda: tmp) is expected


def test_costly_looks_are_spared() -> None:
    def never() -> int:
        raise AssertionError("looked")

    assert not over_limit(100, 100, never, never)


class Sandbox:
    id, pid = "one", 1

    def __init__(self, over_at: int) -> None:
        self.looks = 0
        self.over_at = over_at
        self.ended = 0

    def over_limit(self) -> bool:
        self.looks += 1
        return self.looks >= self.over_at

    def end_for_memory(self) -> None:
        self.ended += 1


def test_who_is_awake_is_looked_at() -> None:
    async def scenario() -> tuple[Sandbox, Sandbox]:
        watcher = MemoryWatch(Epolls(0), interval=0, interval_each=0)
        modest, greedy = Sandbox(10**9), Sandbox(3)
        watcher.add(modest)
        watcher.add(greedy)
        while not greedy.ended:  # noqa: ASYNC110
            await asyncio.sleep(0)
        watcher.remove(greedy)
        seen = greedy.looks
        while modest.looks < 20:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert greedy.looks == seen
        watcher.remove(modest)
        watcher.close()
        return modest, greedy

    modest, greedy = asyncio.run(scenario())
    assert (modest.ended, greedy.ended) == (0, 1)


def test_looks_at_many_come_in_turns() -> None:
    async def scenario() -> tuple[list[int], list[Sandbox]]:
        watcher = MemoryWatch(Epolls(0), at_once=4, interval=0, interval_each=0)
        sandboxes = [Sandbox(10**9) for _ in range(9)]
        for sandbox in sandboxes:
            watcher.add(sandbox)
        seen = []
        while len(seen) < 6:
            before = sum(sandbox.looks for sandbox in sandboxes)
            while sum(sandbox.looks for sandbox in sandboxes) == before:  # noqa: ASYNC110
                await asyncio.sleep(0)
            seen.append(sum(sandbox.looks for sandbox in sandboxes) - before)
        watcher.close()
        return seen, sandboxes

    seen, sandboxes = asyncio.run(scenario())
    assert seen == [3] * 6
    assert {sandbox.looks for sandbox in sandboxes} == {2}


def test_looks_that_take_long_become_rare() -> None:
    """A thousand processes are read one by one, while everybody else waits."""
    now = iter((0.0, 0.05))

    async def scenario() -> float:
        watcher = MemoryWatch(Epolls(0), perf_counter=lambda: next(now))
        watcher.add(Sandbox(10**9))
        watcher._look()
        assert watcher._timer is not None
        return watcher._timer.when() - asyncio.get_running_loop().time()

    assert 0.4 < asyncio.run(scenario()) <= 0.5
