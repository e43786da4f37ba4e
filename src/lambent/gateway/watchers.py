"""Who watches which function's folder: one process each, for as long as it lives.

A watcher is known by its process, which is on this machine: when that has ended, however it did (a watcher that is
killed says nothing), its function is given back. pidfd_open(2): a descriptor that is readable then.
"""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass

from lambent.model.scope import Scope

Key = tuple[Scope, str]


@dataclass(frozen=True, slots=True)
class Watcher:
    """A watching process; `fd` is its pidfd, -1 where none can be had (it is not seen from here)."""

    pid: int
    fd: int


class Watchers:
    """One for each function. `ended(scope, name)` is called when a watcher has ended without a word."""

    def __init__(self, ended: Callable[[Scope, str], object]) -> None:
        self._ended = ended
        self._those: dict[Key, Watcher] = {}

    def of(self, key: Key) -> int | None:
        """The process that watches a function, if one does."""
        watcher = self._those.get(key)
        return None if watcher is None else watcher.pid

    def take(self, key: Key, pid: int) -> bool:
        """A process watches a function from now on; False when another one does."""
        if key in self._those:
            return self._those[key].pid == pid
        try:
            fd = os.pidfd_open(pid)
        except OSError:
            fd = -1
        else:
            asyncio.get_running_loop().add_reader(fd, self._on_end, key)
        self._those[key] = Watcher(pid, fd)
        return True

    def release(self, key: Key) -> None:
        """Nobody watches it any more."""
        watcher = self._those.pop(key, None)
        if watcher is not None and watcher.fd >= 0:
            asyncio.get_running_loop().remove_reader(watcher.fd)
            os.close(watcher.fd)

    def close(self) -> None:
        """Forget everybody."""
        for key in list(self._those):
            self.release(key)

    def _on_end(self, key: Key) -> None:
        self.release(key)
        self._ended(*key)
