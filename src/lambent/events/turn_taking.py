"""Lanes that take turns: each has one timer, and what can start is started one of each lane in turn."""

import asyncio
import functools
import math
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from lambent.clock import Clock, Handle


class Lane(Protocol):
    """What waits for one target. `timer_due` is when `timer` fires, infinity for never."""

    timer: Handle | None
    timer_due: float

    def next_look(self, now: float) -> float:
        """When there is something to do although nothing happens; infinity for never."""
        ...


L = TypeVar("L", bound=Lane)


class TurnTaking(Generic[L]):
    """`look` is told of a lane whose time has come or of which something was started, `start` starts the next of a
    lane, `crowded` answers whether a lane has to wait for a place."""

    def __init__(
        self, clock: Clock, look: Callable[[L], None], start: Callable[[L], None], crowded: Callable[[L], bool]
    ) -> None:
        self._clock = clock
        self._look = look
        self._start = start
        self._crowded = crowded
        self._able: dict[L, None] = {}
        """Lanes that have something to start, in the order of their turn."""
        self._pumping = self._closed = False

    def enable(self, lane: L) -> None:
        """It has something to start."""
        self._able[lane] = None
        self.start_soon()

    def disable(self, lane: L) -> None:
        """It has nothing to start at present."""
        self._able.pop(lane, None)

    def start_soon(self) -> None:
        """A place may be free."""
        if self._able and not self._pumping:
            self._pumping = True
            asyncio.get_running_loop().call_soon(self._pump)

    def close(self) -> None:
        """Start nothing more."""
        self._closed = True

    def _pump(self) -> None:
        self._pumping = False
        passed = 0
        while self._able and passed < len(self._able) and not self._closed:
            lane = next(iter(self._able))
            del self._able[lane]
            if self._crowded(lane):
                self._able[lane] = None
                passed += 1
                continue
            passed = 0
            self._start(lane)
            self._look(lane)

    def arm(self, lane: L, now: float) -> None:
        """Have the lane looked at when it is time."""
        due = lane.next_look(now)
        if due == lane.timer_due:
            return
        self.disarm(lane)
        lane.timer_due = due
        if due != math.inf:
            when = self._clock.monotonic() + (due - now)
            lane.timer = self._clock.call_at(when, functools.partial(self._wake, lane))

    def disarm(self, lane: L) -> None:
        """No timer of it is left."""
        if lane.timer is not None:
            lane.timer.cancel()
        lane.timer, lane.timer_due = None, math.inf

    def _wake(self, lane: L) -> None:
        lane.timer, lane.timer_due = None, math.inf
        self._look(lane)
