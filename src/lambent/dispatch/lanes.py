"""One function's waiting events, as the queue sees them."""

import math
from collections import deque
from dataclasses import dataclass, field

from lambent.clock import Handle
from lambent.model.async_event import AsyncEvent
from lambent.model.scope import Scope

AT_ONCE = 100
"""Events that run at the same time, of all functions; each function may run one beyond that."""
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
    while others of its events ran) unless the first one has become too old, at `expires`.
    """

    scope: Scope
    function: str
    ready: deque[AsyncEvent] = field(default_factory=deque)
    held: dict[int, int] = field(default_factory=dict)
    size: int = 0
    running: int = 0
    limit: int = AT_ONCE
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
