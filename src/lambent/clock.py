"""The one source of time for everything that waits: real, scaled, or moved by hand.

    real      the machine's clocks
    scaled    the same, `scale` times as fast: with 60 an hour passes in a minute
    manual    stands still until `advance`: every timer that falls due fires, in order

What bounds a real process (a function's timeout, the grace of a freeze, a socket) stays on the machine's own clocks: a
function's work takes real time whatever the platform's clock says, and what waits for a disk waits for real.

Functions see the machine's time, and their credentials expire by it. With the setting `function_time = "platform"` both
are this clock's: `Course` is what functions are told of it (docs/time.md).
"""

import asyncio
import heapq
import itertools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

SETTLE_SECONDS = 60.0
"""Real seconds for which a move of the clock waits for work under way."""
TURNS = 3
"""Turns of the event loop that what a timer started gets to begin its work."""


@dataclass(frozen=True, slots=True)
class Course:
    """How a clock goes, for those who read it in another process of this machine, whose CLOCK_MONOTONIC is the same.

    When that one reads `monotonic_ns + n` the wall clock reads `wall_ns + n * scale`, all in nanoseconds; with a scale
    of 0 it stands still. Of a clock's course only `wall_ns` ever changes.
    """

    scale: float
    monotonic_ns: int
    wall_ns: int


class Handle(Protocol):
    """A timer that is set."""

    def cancel(self) -> None:
        """Never call back; no error when it has fired."""


class Clock:
    """The platform's time. `wall()` is seconds since 1970, `monotonic()` seconds of which only differences mean
    anything. Both stand for the same time: they move together.

    Used on one event loop. A timer may fire up to a millisecond early, as the event loop's own do.
    """

    kind = "real"

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale
        self.wall: Callable[[], float] = time.time
        self.monotonic: Callable[[], float] = time.monotonic
        wall, real = time.time(), time.monotonic()
        self._course = Course(scale, _nanoseconds(real), _nanoseconds(wall))
        if scale != 1.0:
            self.kind = "scaled"
            self.wall = lambda: wall + (time.monotonic() - real) * scale
            self.monotonic = lambda: real + (time.monotonic() - real) * scale

    def course(self) -> Course:
        """How it goes from now on; a real clock's heeds no setting of the machine's clock."""
        return self._course

    def call_at(self, when: float, callback: Callable[[], object]) -> Handle:
        """Call back on the event loop when `monotonic()` reads `when`; as soon as may be if it does."""
        delay = max(when - self.monotonic(), 0.0) / self.scale
        return asyncio.get_running_loop().call_later(delay, callback)

    async def sleep(self, seconds: float) -> None:
        """Until that many seconds of this clock have passed."""
        woken = asyncio.Event()
        timer = self.call_at(self.monotonic() + seconds, woken.set)
        try:
            await woken.wait()
        finally:
            timer.cancel()

    def began(self) -> None:
        """Work has begun that the next moment of a clock moved by hand waits for; `ended` when it is over."""

    def ended(self) -> None:
        """The other half of `began`."""

    def document(self) -> dict[str, Any]:
        """What the clock reads, for `/_lambent/clock`."""
        now = self.wall()
        shown = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"kind": self.kind, "scale": self.scale, "seconds": now, "time": shown}


class _Timer:
    """One of a manual clock's."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self.callback = None


class ManualClock(Clock):
    """Stands at the time of its making, or at `start`, until it is moved."""

    kind = "manual"

    def __init__(self, start: float | None = None) -> None:
        super().__init__()
        self._start = time.time() if start is None else start
        self._moved = 0.0
        self.on_move: Callable[[], object] = lambda: None
        """Called when it has moved, before the timers of that moment fire."""
        self._timers: list[tuple[float, int, _Timer]] = []
        self._numbers = itertools.count()
        self._working = 0
        self._idle: asyncio.Event | None = None
        self._moving = asyncio.Lock()
        self.wall = lambda: self._start + self._moved
        self.monotonic = lambda: self._moved

    def course(self) -> Course:
        """It stands still until `on_move`."""
        return Course(0.0, 0, _nanoseconds(self.wall()))

    def call_at(self, when: float, callback: Callable[[], object]) -> Handle:
        """Call back when the clock is moved to `when`. What is due already is called back in the next turn."""
        timer = _Timer(callback)
        if when <= self._moved:
            asyncio.get_running_loop().call_soon(_fire, timer)
        else:
            heapq.heappush(self._timers, (when, next(self._numbers), timer))
        return timer

    def began(self) -> None:
        self._working += 1

    def ended(self) -> None:
        self._working -= 1
        if not self._working and self._idle is not None:
            self._idle.set()

    async def advance(self, seconds: float, settle: float = SETTLE_SECONDS) -> int:
        """Move the clock: every timer that falls due fires, in order, at its own time.

        Before the clock moves on from a moment, what was started then (an invocation, a delivery) is over, so that what
        follows from it falls due within the same move; after `settle` real seconds of waiting the clock moves all the
        same. Answers how much work is still under way. Raises ValueError for a move backwards.
        """
        if not seconds >= 0:
            raise ValueError("a clock moves forward only")
        async with self._moving:
            deadline = time.monotonic() + settle
            await self._settle(deadline)
            end = self._moved + seconds
            while self._next() <= end:
                self._fire_next()
                await self._settle(deadline)
            self._move(end)
            await self._settle(deadline)
            return self._working

    def _move(self, moment: float) -> None:
        self._moved = moment
        self.on_move()

    def _next(self) -> float:
        """The moment of the next timer that is not cancelled; infinity without one."""
        while self._timers and self._timers[0][2].callback is None:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else math.inf

    def _fire_next(self) -> None:
        """Every timer of the next moment that is not cancelled."""
        moment = self._timers[0][0]
        self._move(max(self._moved, moment))
        while self._timers and self._timers[0][0] == moment:
            _fire(heapq.heappop(self._timers)[2])

    async def _settle(self, deadline: float) -> None:
        """Until nothing is under way, or real time has reached `deadline`."""
        for _ in range(TURNS):
            await asyncio.sleep(0)
        while self._working and (left := deadline - time.monotonic()) > 0:
            self._idle = asyncio.Event()
            try:
                await asyncio.wait_for(self._idle.wait(), left)
            except TimeoutError:
                return
            for _ in range(TURNS):
                await asyncio.sleep(0)


def _fire(timer: _Timer) -> None:
    callback, timer.callback = timer.callback, None
    if callback is not None:
        callback()


def _nanoseconds(seconds: float) -> int:
    """Exactly, so that the reader's `ns / 1e9` is the same float again; `seconds * 1e9` would be off by 100."""
    numerator, denominator = seconds.as_integer_ratio()
    return numerator * 1_000_000_000 // denominator


def make(kind: str, scale: float) -> Clock:
    """The clock of a server: `kind` is "real" or "manual"."""
    return ManualClock() if kind == "manual" else Clock(scale)
