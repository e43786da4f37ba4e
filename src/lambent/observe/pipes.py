"""The pipe on which an environment's processes write, read by the event loop.

stdout, stderr and the runtime's framed log share one pipe: writes up to 4,096 bytes are atomic (pipe(7)),
so the events keep the order in which they were written, which two pipes could not promise. A function that
writes faster than its log is kept waits on the pipe; each turn of the loop reads a bounded amount.
"""

import asyncio
import os
from collections.abc import Callable

from lambent.observe.framing import Splitter, Written

OnEvent = Callable[[int, str], None]
"""Called with milliseconds since 1970, never falling, and the message."""

TURN_BYTES = 64 << 10
"""Read in one turn of the event loop: what a pipe holds (pipe(7))."""
DRAIN_TURNS = 17
"""A writer can make its pipe 1 MB large (/proc/sys/fs/pipe-max-size); one that goes on writing is not
followed."""


class Pipes:
    """One environment's pipe, for all the processes that run in it one after another.

    `writers` maps a descriptor number inside to the write end, which stays this object's: close it with
    `close`. `wall` answers seconds since 1970. Made on a running event loop; raises OSError when no pipe
    can be made.
    """

    def __init__(self, on_event: OnEvent, wall: Callable[[], float], telemetry_fd: int = 3) -> None:
        self._on_event = on_event
        self._wall = wall
        self._splitter = Splitter()
        self._last_ms = 0
        self._read, self._write = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._read, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._read, self._on_readable)
        self.writers = {1: self._write, 2: self._write, telemetry_fd: self._write}

    def drain(self) -> None:
        """Report what has been written by now; a line or frame that is not complete is kept back."""
        for _ in range(DRAIN_TURNS):
            if not self._on_readable():
                return

    def flush(self) -> None:
        """Report what has been written by now, complete or not: the end of an invocation."""
        self.drain()
        self._report(self._splitter.flush())

    def close(self) -> None:
        """Flush, and give the descriptors back. Closing twice is allowed."""
        if self._read < 0:
            return
        self.flush()
        self._loop.remove_reader(self._read)
        os.close(self._read)
        os.close(self._write)
        self._read = self._write = -1
        self.writers = {}

    def _on_readable(self) -> bool:
        """Read and report once; whether there may be more."""
        try:
            data = os.read(self._read, TURN_BYTES)
        except BlockingIOError:
            return False
        self._report(self._splitter.feed(data))
        return len(data) == TURN_BYTES

    def _report(self, events: list[Written]) -> None:
        """Plain text has no time of its own: it is not later than the frame that follows it."""
        if not events:
            return
        now = max(int(self._wall() * 1000), self._last_ms)
        times: list[int] = []
        latest = now
        for event in reversed(events):
            if event.epoch_ms is not None:
                latest = min(latest, event.epoch_ms)
            times.append(latest)
        for event, epoch_ms in zip(events, reversed(times), strict=True):
            self._last_ms = max(self._last_ms, epoch_ms)
            self._on_event(self._last_ms, event.message)
