"""A queue in use: its core, and those who wait for its messages."""

import asyncio
from collections import deque
from dataclasses import dataclass

from lambent.clock import Clock, Handle
from lambent.engine.queue import Queue, Rules
from lambent.engine.queue_message import Message, Place
from lambent.engine.recent import Recent

DEDUPLICATION_SECONDS = 300.0


@dataclass(slots=True)
class Accepted:
    """A message that a FIFO queue has accepted under a deduplication id; `done` ends when it is on disk, or isn't."""

    seq: int
    id: str
    done: "asyncio.Future[bool] | None" = None


class Live:
    """One queue. Whatever changes its core from outside calls `settle` afterwards."""

    def __init__(self, uid: int, rules: Rules, clock: Clock) -> None:
        self.uid = uid
        self.core = Queue(rules)
        self.accepted: Recent[str, Accepted] = Recent(DEDUPLICATION_SECONDS)
        self.pruned = clock.wall()
        self.purged = 0.0
        self.filling = asyncio.Lock()
        """Held while messages that stayed behind are loaded."""
        self._clock = clock
        self._waiting: deque[asyncio.Future[bool]] = deque()
        self._timer: Handle | None = None
        self._closed = False

    def arrive(self, messages: list[Message]) -> None:
        """Messages have come to disk."""
        self.core.arrive(messages, self._clock.wall())
        self.settle()

    async def wait(self, deadline: float, until: float | None = None) -> bool:
        """Until a receive may find something; False when it is `deadline` (of the monotonic clock), or `until` (of the
        event loop's, for a clock that stands still has clients that do not), or all is over."""
        if self._closed:
            return False
        woken: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(woken)
        timers: list[Handle] = [self._clock.call_at(deadline, lambda: _end(woken))]
        if until is not None:
            timers.append(asyncio.get_running_loop().call_at(until, _end, woken))
        self.settle()
        try:
            return await woken
        except asyncio.CancelledError:
            if woken.done() and not woken.cancelled() and woken.result():
                self.settle()  # what it was woken for is for the next in line
            raise
        finally:
            for timer in timers:
                timer.cancel()
            if woken in self._waiting:
                self._waiting.remove(woken)

    def settle(self) -> None:
        """Bring the core up to date, wake as many as there is something for, and see to it that the rest are."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._waiting:
            return
        now = self._clock.wall()
        self.core.advance(now)
        ready = self.core.count(Place.READY) if self.core.available() else 0
        while self._waiting and ready:
            woken = self._waiting.popleft()
            if not woken.done():
                woken.set_result(True)
                ready -= 1
        due = self.core.next_due() if self._waiting else None
        if due is not None:
            self._timer = self._clock.call_at(self._clock.monotonic() + due - now, self.settle)

    def close(self) -> None:
        """The queue is gone: nobody waits any longer."""
        self._closed = True
        for woken in self._waiting:
            _end(woken)
        self._waiting.clear()
        self.settle()


def _end(woken: "asyncio.Future[bool]") -> None:
    if not woken.done():
        woken.set_result(False)
