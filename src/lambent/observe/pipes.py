"""The pipe on which an environment's processes write, read by the event loop.

stdout, stderr and the runtime's framed log share one pipe: writes up to 4,096 bytes are atomic (pipe(7)),
so the events keep the order in which they were written, which two pipes could not promise. Each turn of the loop
reads a bounded amount. Who writes without end is not made to wait: what exceeds its allowance (`flood`) is
dropped unread, as AWS drops it "to prevent the function's execution from slowing down"
(https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html, platform.logsDropped).
"""

import asyncio
import contextlib
import fcntl
import os
import select
from collections.abc import Callable

from lambent.observe.flood import Allowance
from lambent.observe.framing import Splitter, Written

OnEvent = Callable[[int, str], None]
"""Called with milliseconds since 1970, never falling, and the message."""
OnDropped = Callable[[int, int], None]
"""Called with how many events and how many bytes are missing before the next event."""

TURN_BYTES, SHORT_TURN_BYTES, SHORT_LINE = 32 << 10, 2 << 10, 32
"""Read in one turn of the event loop: the work on it keeps everybody else waiting. Lines that are shorter than
`SHORT_LINE` are more work than their bytes."""
DRAIN_LINES = 1 << 16
"""Kept in one drain, which are as many as a pipe has bytes that nobody made larger: half a million keep everybody
waiting for two seconds."""
DRAIN_TURNS = 33
"""A writer can make its pipe 1 MB large (/proc/sys/fs/pipe-max-size); one that goes on writing is not
followed."""
FLOOD_BYTES = 256 << 10
"""The pipe's size, and what is read in one turn, while nothing is kept."""
FLOOD_SECONDS = 0.001
"""Between two such turns: a writer that is faster than 256 MB/s waits."""
REPORT_SECONDS = 1.0
"""Between two reports of what was dropped."""


class Pipes:
    """One environment's pipe, for all the processes that run in it one after another.

    `writers` maps a descriptor number inside to the write end, which stays this object's: close it with
    `close`. `wall` answers seconds since 1970; `behind` whether the log takes nothing at present. Made on a
    running event loop; raises OSError when no pipe can be made.
    """

    def __init__(
        self,
        on_event: OnEvent,
        wall: Callable[[], float],
        telemetry_fd: int = 3,
        on_dropped: OnDropped = lambda events, size: None,
        behind: Callable[[], bool] = lambda: False,
        allowance: Allowance | None = None,
    ) -> None:
        self._on_event = on_event
        self._on_dropped = on_dropped
        self._wall = wall
        self._splitter = Splitter()
        self._behind = behind
        self._allowance = allowance or Allowance()
        self._flooded = False
        self._turn_bytes = TURN_BYTES
        self._dropped = (0, 0)
        self._told = float("-inf")
        self._last_ms = 0
        self._read, self._write = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._read, False)
        self._poll = select.poll()
        self._poll.register(self._read, select.POLLIN)
        self._loop = asyncio.get_running_loop()
        self._pause: asyncio.TimerHandle | None = None
        self._loop.add_reader(self._read, self._on_readable)
        self.writers = {1: self._write, 2: self._write, telemetry_fd: self._write}

    def drain(self) -> None:
        """Report what has been written by now; a line or frame that is not complete is kept back."""
        lines = 0
        for _ in range(DRAIN_TURNS):
            # Asked first: mostly there is nothing, and an exception costs more than a look.
            if not self._poll.poll(0):
                return
            size, more = self._turn(TURN_BYTES, wanted=lines < DRAIN_LINES)
            lines += more
            if size < TURN_BYTES:
                return

    def flush(self) -> None:
        """Report what has been written by now, complete or not: the end of an invocation."""
        self.drain()
        if self._splitter.idle and not self._dropped[1]:
            return
        self._tell()
        self._report(self._splitter.flush())

    def close(self) -> None:
        """Flush, and give the descriptors back. Closing twice is allowed."""
        if self._read < 0:
            return
        self.flush()
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._read)
        os.close(self._read)
        os.close(self._write)
        self._read = self._write = -1
        self.writers = {}

    def _on_readable(self) -> None:
        size, lines = self._turn(self._turn_bytes)
        self._turn_bytes = TURN_BYTES if lines * SHORT_LINE <= size else SHORT_TURN_BYTES
        if self._flooded:
            self._loop.remove_reader(self._read)
            self._pause = self._loop.call_later(FLOOD_SECONDS, self._resume)

    def _resume(self) -> None:
        self._pause = None
        self._loop.add_reader(self._read, self._on_readable)

    def _turn(self, most: int, *, wanted: bool = True) -> tuple[int, int]:
        """Read once, report it or drop it; how many bytes and lines it was."""
        try:
            data = os.read(self._read, FLOOD_BYTES if self._flooded else most)
        except BlockingIOError:
            return 0, 0
        now, lines = self._loop.time(), data.count(b"\n")
        kept = wanted and not self._behind() and self._allowance.take(len(data), lines, now)
        if kept:
            self._tell()
            self._report(self._splitter.feed(data))
        else:
            self._drop(data, now)
        self._flooded = not kept or self._allowance.over
        return len(data), lines

    def _widen(self) -> None:
        """A larger pipe is a smaller share of the time that is spent on a flood. The kernel may refuse one."""
        with contextlib.suppress(OSError):
            if fcntl.fcntl(self._read, fcntl.F_GETPIPE_SZ) < FLOOD_BYTES:
                fcntl.fcntl(self._read, fcntl.F_SETPIPE_SZ, FLOOD_BYTES)

    def _drop(self, data: bytes, now: float) -> None:
        events, size = self._dropped
        if not size:
            self._told = now
            self._widen()
        self._dropped = (events + self._splitter.skip(data), size + len(data))
        if now - self._told >= REPORT_SECONDS:
            self._told = now
            self._tell()

    def _tell(self) -> None:
        """Before the next event, so that the log says where something is missing."""
        (events, size), self._dropped = self._dropped, (0, 0)
        if size:
            self._on_dropped(events, size)

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
