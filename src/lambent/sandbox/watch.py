"""Keeps a sandbox's memory within its limit without counting its /tmp.

/tmp is a tmpfs, whose pages the kernel charges to whoever writes them. So the control group's own limit is the
memory limit plus the size of /tmp, and what the sandbox holds beyond its memory limit, /tmp taken off, is found by
looking. Where there are no control groups the same look is the only limit.
"""

import asyncio
import math
import time
from collections.abc import Callable
from typing import Protocol

from lambent.sandbox.epolls import Epolls, Watching

INTERVAL = 0.02
"""Seconds between two looks; between them a process can fault in some 40 MB more than it may."""
INTERVAL_EACH = 0.0005
"""With many sandboxes awake the looks become rarer, so that they take no more than a few hundredths of a CPU."""
REST = 10
"""A look that takes long, because somebody has a thousand processes, is followed by so many times as long without."""
AT_ONCE = 40
"""At so many sandboxes one turn looks, which takes a millisecond: looks at a thousand in a row would let every
invocation wait meanwhile."""


class Watched(Watching, Protocol):
    """A sandbox with a running process."""

    def over_limit(self) -> bool: ...


class MemoryWatch:
    """Looks at every sandbox that is awake, in rounds of one turn or more. Sleeps, with no timer, while none is."""

    def __init__(
        self, epolls: Epolls, at_once: int = AT_ONCE, interval: float = INTERVAL, interval_each: float = INTERVAL_EACH,
        perf_counter: Callable[[], float] = time.perf_counter,
    ) -> None:  # fmt: skip
        """`epolls` looks at the same time."""
        self._epolls = epolls
        self._most, self._interval, self._interval_each = at_once, interval, interval_each
        self._perf_counter = perf_counter
        self._awake: set[Watched] = set()
        self._left: list[Watched] = []
        """Whose turn in this round is still to come."""
        self._at_once = 1
        """At how many each turn of this round looks."""
        self._timer: asyncio.TimerHandle | None = None

    def add(self, sandbox: Watched) -> None:
        """Look at `sandbox` from now on."""
        self._awake.add(sandbox)
        if self._timer is None:
            self._arm()

    def remove(self, sandbox: Watched) -> None:
        """Not any more, until it is awake again."""
        self._awake.discard(sandbox)

    def forget(self, sandbox: Watched) -> None:
        """Nothing that was started in it runs any more."""
        self.remove(sandbox)
        self._epolls.forget(sandbox)

    def close(self) -> None:
        """Stop."""
        self._awake.clear()
        self._left = []
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, took: float = 0.0) -> None:
        """A round takes as long however many turns it has. `took`: seconds of the last turn."""
        turns = max(1, math.ceil(len(self._awake) / self._most))
        seconds = max(max(self._interval, len(self._awake) * self._interval_each) / turns, REST * took)
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        self._timer, begun = None, self._perf_counter()
        if not self._left:
            self._left = list(self._awake)
            self._at_once = math.ceil(len(self._left) / max(1, math.ceil(len(self._left) / self._most)))
        turn, self._left = self._left[: self._at_once], self._left[self._at_once :]
        for sandbox in turn:
            if sandbox not in self._awake:
                continue
            self._epolls.look(sandbox)
            if sandbox.over_limit():
                sandbox.end_for_memory()
        if self._awake:
            self._arm(self._perf_counter() - begun)
        else:
            self._left = []


def over_limit(limit: int, usage: int, held: Callable[[], int], tmp_used: Callable[[], int]) -> bool:
    """Whether more than `limit` bytes are held. The costly looks happen only if `usage` is above it."""
    return usage > limit and held() - tmp_used() > limit
