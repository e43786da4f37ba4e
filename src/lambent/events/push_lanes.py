"""One target's waiting pushes, as those who send them see them."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from lambent.clock import Handle
from lambent.model.push import Waiting

EACH = 64
"""Pushes to one target that are sent at the same time."""
WINDOW = 256
"""Pushes of one lane in memory."""
WINDOW_BYTES = 8 << 20
TOTAL_BYTES = 64 << 20
"""In memory of all lanes; beyond that each may still have one push there, while there are not"""
MOST_BYTES = 256 << 20
"""so many: then lanes take turns."""
OVERHEAD = 1024
"""Bytes of a push besides its body, about."""
LOW = 64
"""When so few of a lane's pushes are ready, more are read."""
EARLY = 0.002
"""Seconds by which a timer may fire too early."""


@dataclass(slots=True, eq=False)
class Memory:
    """What all lanes have in memory, in bytes."""

    used: int = 0


@dataclass(slots=True, eq=False)
class PushLane:
    """Times are seconds since 1970, of the platform.

    `ready` are in memory and due, `held` the numbers (with bytes) of all that must not be read again: ready, being sent
    or being written. `following` is when the first of those that are on disk alone falls due. In an `ordered` lane one
    is sent at a time, and nothing before `blocked`, when its first one is tried again.
    """

    name: str
    ordered: bool
    memory: Memory = field(default_factory=Memory)
    ready: deque[Waiting] = field(default_factory=deque)
    held: dict[int, int] = field(default_factory=dict)
    size: int = 0
    sending: int = 0
    blocked: float = 0.0
    following: float = math.inf
    reading: bool = False
    timer: Handle | None = None
    timer_due: float = math.inf

    def hold(self, one: Waiting) -> None:
        """`one` is in memory, and waits for its turn."""
        size = one.size + OVERHEAD
        self.held[one.number] = size
        self.size += size
        self.memory.used += size
        self.ready.append(one)

    def release(self, one: Waiting) -> None:
        """It is not any more."""
        size = self.held.pop(one.number, 0)
        self.size -= size
        self.memory.used -= size

    @property
    def empty(self) -> bool:
        """Whether there is nothing of this lane here or on disk."""
        return not (self.held or self.reading) and self.following == math.inf

    @property
    def full(self) -> bool:
        """Whether what is accepted now stays on disk."""
        crowded = self.memory.used >= (TOTAL_BYTES if self.held else MOST_BYTES)
        return crowded or len(self.held) >= WINDOW or self.size >= WINDOW_BYTES

    @property
    def room(self) -> tuple[int, int]:
        """How many pushes, and bytes of them, may be read."""
        left = min(WINDOW_BYTES - self.size, TOTAL_BYTES - self.memory.used)
        return max(WINDOW - len(self.held), 1), max(left, 1)

    def take(self, pushes: Sequence[Waiting]) -> None:
        """They were read: as many go into memory as there is room for now, the rest is read again."""
        for one in pushes:
            if self.full:
                self.following = min(self.following, one.tries.due)
                return
            if one.number not in self.held:
                self.hold(one)

    def takes(self, due: float, now: float) -> bool:
        """Whether what was accepted now goes into memory: it is due, and nothing on disk comes before it."""
        behind = self.following < math.inf if self.ordered else self.following <= now
        return due <= now + EARLY and not (behind or self.reading or self.full)

    def should_read(self, now: float) -> bool:
        """Whether there is something due on disk, and room for it."""
        due = max(self.following, self.blocked) <= now + EARLY
        return due and len(self.ready) < LOW and not self.reading and not self.full

    def is_hungry(self, now: float) -> bool:
        """Whether only the memory of others keeps it from reading what is due."""
        due = max(self.following, self.blocked) <= now + EARLY
        return due and not self.held and not self.reading and self.memory.used >= MOST_BYTES

    def may_start(self, now: float) -> bool:
        """Whether the first push that is ready may be sent."""
        return bool(self.ready) and self.blocked <= now + EARLY and self.sending < (1 if self.ordered else EACH)

    def next_look(self, now: float) -> float:
        """When there is something to do although nothing happens; infinity for never."""
        if self.blocked > now + EARLY:
            return self.blocked
        if self.reading or self.following <= now + EARLY:
            return math.inf
        return self.following
