"""Keeps environments from taking all watches of epoll, which the kernel counts by user (epoll(7), max_user_watches).

An environment whose user outside is the server's takes them from the server, whose event loop aborts when it gets none
(uv__io_poll in libuv's src/unix/linux.c). What an environment has is counted where /proc shows it, in the descriptors
of its processes (proc_pid_fdinfo(5): a line `tfd:` for each watch). A descriptor that is on its way through a socket,
or in a table that one thread has for itself, is not found.
"""

import logging
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from lambent.sandbox.inside.processes import descendants
from lambent.sandbox.spec import Level

MOST = Path("/proc/sys/fs/epoll/max_user_watches")
EACH = 20_000
"""Watches that one environment may have: it may have 1,024 descriptors on AWS, so some twenty epolls of all of them."""
DESCRIPTORS = 32_768
"""Open in all processes together; with more, so much would be to be looked at that epolls could hide among them."""
PART_EACH, PART_ALL = 8, 2
"""No more than the user's all divided by these: of one environment, and of all together."""
RARELY = 4
"""So many looks at an environment's memory are one at its epolls."""
SECONDS = 0.001
"""One look takes so long; the next one goes on from there."""
_PROC = Path("/proc")
_log = logging.getLogger("lambent.sandbox")


class Watching(Protocol):
    """A sandbox, as this counts it."""

    @property
    def id(self) -> str: ...

    @property
    def pid(self) -> int:
        """Its keeper's process id."""

    def end_for_memory(self) -> None: ...


class Epolls:
    """Of all sandboxes of a host. `most` is what the server's user may have; 0 where sandboxes have other users. One
    of them may have a part of that in `part_each`; a look takes `seconds`, and one list of watches."""

    def __init__(
        self, most: int, proc: Path = _PROC, seconds: float = SECONDS, part_each: int = PART_EACH,
        descriptors: int = DESCRIPTORS,
    ) -> None:  # fmt: skip
        self._most = most
        self._proc = proc
        self._seconds, self._part_each, self._descriptors = seconds, part_each, descriptors
        self._rounds: dict[Watching, Round] = {}
        self._all = 0

    @classmethod
    def shared(cls, level: Level) -> "Epolls":
        """Counts where what is in a sandbox counts to the server's user, and that user's limit is known."""
        apart = level is Level.NAMESPACE and os.geteuid() == 0
        try:
            return cls(0 if apart else int(MOST.read_text()))
        except (OSError, ValueError):
            return cls(0)

    def look(self, sandbox: Watching) -> None:
        """Count what a sandbox has, at some of the calls; whoever has too much is ended."""
        if not self._most:
            return
        known = self._rounds.get(sandbox)
        if known is None:
            known = self._rounds[sandbox] = Round(sandbox.pid, self._proc, self._seconds)
        before = known.watches
        if not known.look():
            return
        self._all += known.watches - before
        if known.watches > min(EACH, self._most // self._part_each) or known.descriptors > self._descriptors:
            _end(sandbox, known)
        elif self._all > self._most // PART_ALL:
            _end(*max(self._rounds.items(), key=lambda item: item[1].watches))

    def forget(self, sandbox: Watching) -> None:
        """Nothing that was started in it runs any more."""
        known = self._rounds.pop(sandbox, None)
        self._all -= known.watches if known is not None else 0


class Round:
    """One sandbox's descriptors, gone through again and again, in an order that nobody can tell."""

    def __init__(self, keeper: int, proc: Path, seconds: float) -> None:
        self.watches = 0
        """In the last whole round, or in this one if it has found more by now."""
        self.descriptors = 0
        """Seen in this round, or in the last one before the next begins."""
        self._keeper = keeper
        self._proc = str(proc)
        self._seconds = seconds
        self._looks = 0
        self._found = 0
        self._rest: Iterator[int] | None = None

    def look(self) -> bool:
        """Go on with this round, or begin one if it is time for that; whether something was looked at."""
        self._looks += 1
        if self._rest is None:
            if self._looks % RARELY:
                return False
            self._found = self.descriptors = 0
            self._rest = each(self._proc, descendants(self._keeper))
        if self._go_on(self._rest):
            self.watches, self._rest = self._found, None
        self.watches = max(self.watches, self._found)
        return True

    def _go_on(self, rest: Iterator[int]) -> bool:
        """Whether this round is over."""
        until = time.perf_counter() + self._seconds
        for watches in rest:
            self._found += watches
            self.descriptors += 1
            if time.perf_counter() > until:
                return False
        return True


def each(proc: str, pids: list[int]) -> Iterator[int]:
    """The watches of each descriptor of these processes: 0 for what is no epoll, or gone."""
    random.shuffle(pids)
    for pid in pids:
        try:
            numbers = os.listdir(f"{proc}/{pid}/fd")  # noqa: PTH208 - hot path
        except OSError:
            continue
        for number in numbers:
            yield _watches(f"{proc}/{pid}", number)


def _watches(process: str, number: str) -> int:
    try:
        if os.readlink(f"{process}/fd/{number}") != "anon_inode:[eventpoll]":  # noqa: PTH115 - hot path
            return 0
        with open(f"{process}/fdinfo/{number}", "rb") as file:  # noqa: PTH123 - hot path
            return file.read().count(b"tfd:")
    except OSError:
        return 0


def _end(sandbox: Watching, found: Round) -> None:
    _log.warning(
        "sandbox %s is ended: it has %d watches of epoll, seen in %d descriptors; they are counted to the server's "
        "user, who may have no more than fs.epoll.max_user_watches",
        sandbox.id,
        found.watches,
        found.descriptors,
    )
    sandbox.end_for_memory()
