"""The first process of a sandbox, as the server holds it: by a descriptor that tells when all of it has ended."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable


class Keeper:
    """Unknown until `take`."""

    def __init__(self, ended: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._ended = ended
        self._pidfd = -1

    @property
    def is_known(self) -> bool:
        """Whether there is one that has not ended yet."""
        return self._pidfd >= 0

    def take(self, pidfd: int) -> None:
        """The descriptor is this object's from now on; `ended` is called when the process has."""
        self._pidfd = pidfd
        self._loop.add_reader(pidfd, self._ended)

    def kill(self) -> None:
        """SIGKILL to it, and so to everything in its PID namespace."""
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def let_go(self) -> None:
        """It has ended."""
        if self._pidfd >= 0:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1
