"""The clock's dial: 24 bytes in a file, on which functions read the platform's time.

A `Course` in this machine's byte order: scale (float64), monotonic_ns, wall_ns (int64). Readers map the file. A moved
clock changes one aligned word, which processors write and read at once: there is no half-written dial.
"""

import mmap
import os
import struct
from pathlib import Path

from lambent.clock import Clock, ManualClock

LAYOUT = "dqq"
_WALL = 2
"""The word of `wall_ns`."""


class Dial:
    """The dial of `clock` at `path`, true until `close`; the file stays for those who still read it."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        course = clock.course()
        path.unlink(missing_ok=True)
        with path.open("x+b") as file:
            os.fchmod(file.fileno(), 0o444)
            file.write(struct.pack(LAYOUT, course.scale, course.monotonic_ns, course.wall_ns))
            file.flush()
            self._map = mmap.mmap(file.fileno(), 0)
        self._words = memoryview(self._map).cast("q")
        if isinstance(clock, ManualClock):
            clock.on_move = self.turn

    def turn(self) -> None:
        """The clock was moved."""
        # One store of eight bytes; struct with a byte order would write them one by one.
        self._words[_WALL] = self._clock.course().wall_ns

    def close(self) -> None:
        """The clock may move on: the dial stands."""
        if isinstance(self._clock, ManualClock):
            self._clock.on_move = lambda: None
        self._words.release()
        self._map.close()
