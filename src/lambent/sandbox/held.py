"""How much memory a sandbox holds, and whether that is too much."""

import asyncio
import os

from lambent.sandbox import watch
from lambent.sandbox.groups import Group

_RARELY = 8
"""Every so many looks at a sandbox that holds little it is asked whether one of its processes was killed meanwhile."""


class Held:
    """The figures of one sandbox's control group, without its /tmp, which the group counts where it is `charged`."""

    def __init__(self, group: Group, limit_bytes: int, charged: bool) -> None:
        self._group = group
        self._limit = limit_bytes
        self._charged = charged
        self._tmp = -1
        self._oom_kills = 0
        self._looks = 0
        self._most = 0
        self._most_in_tmp = 0

    def counts_tmp(self, tmp: int) -> None:
        """Its /tmp is behind this descriptor, which is closed with the sandbox."""
        self._tmp = tmp

    @property
    def tmp(self) -> int:
        """The descriptor of its /tmp, -1 for none."""
        return self._tmp

    def begin(self) -> None:
        """The first of the running processes is about to be counted: kills before are not theirs."""
        self._oom_kills = self._group.oom_kills()

    def end(self, loop: asyncio.AbstractEventLoop) -> None:
        """With the descriptor goes all that is in /tmp: a million files take the kernel seconds."""
        if self._tmp >= 0:
            loop.run_in_executor(None, os.close, self._tmp)
            self._tmp = -1

    def peak(self) -> int:
        """The most that was held so far, in bytes; 0 when unknown. The kernel's own figure.

        Where /tmp was written to, which the kernel counts as well, no less than was seen when looking, and than what is
        left of the kernel's figure without the most that /tmp held.
        """
        try:
            self._look(self._group.usage())
            return max(self._most, self._group.peak() - self._most_in_tmp)
        except OSError:
            return 0

    def is_over_limit(self) -> bool:
        """Whether more is held than may be, or the kernel has killed a process for that."""
        try:
            usage = self._group.usage()
            self._look(usage)
            if watch.over_limit(self._limit, usage, self._group.held, self._in_tmp):
                return True
            self._looks += 1
            return (usage > self._limit // 2 or self._looks % _RARELY == 0) and self.is_oom_killed()
        except OSError:  # just gone
            return False

    def is_oom_killed(self) -> bool:
        """Whether the kernel has killed for want of memory since `begin`."""
        try:
            return self._group.oom_kills() > self._oom_kills
        except OSError:  # just gone
            return False

    def _look(self, usage: int) -> None:
        in_tmp = self._in_tmp()
        self._most_in_tmp = max(self._most_in_tmp, in_tmp)
        self._most = max(self._most, usage - in_tmp)

    def _in_tmp(self) -> int:
        """Bytes in the private /tmp that the group has counted."""
        if self._tmp < 0 or not self._charged:
            return 0
        found = os.fstatvfs(self._tmp)
        return (found.f_blocks - found.f_bfree) * found.f_frsize
