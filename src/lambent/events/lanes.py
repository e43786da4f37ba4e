"""One function's waiting events, as the queue sees them."""

import math
from collections import deque
from dataclasses import dataclass, field

from lambent.clock import Handle
from lambent.model.async_event import AsyncEvent
from lambent.model.scope import Scope

AT_ONCE = 100
"""Events that run at the same time, of all functions; each function may run one beyond that."""
FIRST = 8
"""Events of one function that run at the same time at first, and at least when the machine has no more to give."""
SLOWER = 2.0
"""When runs take so many times the shortest one, more at a time gain nothing."""
FADING = 1.01
"""By how much the shortest run is held to be longer with every further run: functions change."""
WINDOW = 256
"""Events of one function in memory."""
WINDOW_BYTES = 16 << 20
LOW = 32
"""When so few of a function's events are ready, more are read."""
EARLY = 0.002
"""Seconds by which a timer may fire too early."""


@dataclass(slots=True, eq=False)
class Lane:
    """One function's events. Times are seconds since 1970.

    `ready` are in memory and due, `held` the numbers (with bytes) of all that must not be read again: ready, running,
    or being written. `following` is when the first of those that are on disk alone falls due. Nothing starts before
    `blocked` (the function was throttled, `waits` times in a row), nor while `running` is at `limit` (it was throttled
    while others of its events ran, or more would slow one another down) unless the first one has become too old, at
    `expires`. `shortest` is how long (real seconds) a run takes at least, `ended` how many have; `watched` is set while
    somebody looks whether another one does.
    """

    scope: Scope
    function: str
    ready: deque[AsyncEvent] = field(default_factory=deque)
    held: dict[int, int] = field(default_factory=dict)
    size: int = 0
    running: int = 0
    limit: int = FIRST
    shortest: float = math.inf
    ended: int = 0
    watched: bool = False
    waits: int = 0
    blocked: float = 0.0
    expires: float = math.inf
    following: float = math.inf
    reading: bool = False
    timer: Handle | None = None
    timer_due: float = math.inf

    def hold(self, event: AsyncEvent) -> None:
        """`event` is in memory."""
        self.held[event.number] = len(event.payload)
        self.size += len(event.payload)

    def release(self, event: AsyncEvent) -> None:
        """It is not any more."""
        self.size -= self.held.pop(event.number, 0)

    def ran(self, seconds: float) -> None:
        """An event has run for so long (real time): more may run at once as long as that does not slow them down."""
        self.ended += 1
        self.shortest = min(self.shortest * FADING, seconds)
        self.limit = min(self.limit + 1, AT_ONCE) if seconds <= self.shortest * SLOWER else max(self.limit - 1, FIRST)

    @property
    def stalled(self) -> bool:
        """Whether events wait for nothing but the end of others of the same function."""
        limited = bool(self.ready) and self.limit <= self.running and self.limit < AT_ONCE
        return limited and self.expires == math.inf

    @property
    def empty(self) -> bool:
        """Whether there is nothing of this function here or on disk."""
        return not (self.held or self.running or self.reading) and self.following == math.inf

    @property
    def full(self) -> bool:
        """Whether what is accepted now stays on disk."""
        return len(self.held) >= WINDOW or self.size >= WINDOW_BYTES

    def should_read(self, now: float) -> bool:
        """Whether there is something due on disk, and room for it."""
        due = max(self.following, self.blocked) <= now + EARLY
        return due and len(self.ready) < LOW and not self.reading and not self.full

    def may_start(self, now: float) -> bool:
        """Whether the first event that is ready may start."""
        if not self.ready or self.blocked > now + EARLY:
            return False
        return self.running < self.limit or self.expires <= now + EARLY

    def next_look(self, now: float) -> float:
        """When there is something to do although nothing happens; infinity for never."""
        if self.blocked > now + EARLY:
            return self.blocked
        times = [self.expires if self.ready else math.inf, math.inf if self.reading else self.following]
        return min((time for time in times if time > now + EARLY), default=math.inf)
