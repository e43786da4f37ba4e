"""Room on a data folder's disk that nothing fills, so that what makes room there can still be written down.

SQLite writes a deletion before it frees anything: on a full disk it would refuse that as it refuses everything else,
and nobody could get out of it. So a file holds room. It is given up for a moment when the disk is full, and taken back
as far as there is room for it; as long as it is not whole, the database does not grow but by what frees.
"""

import logging
import os
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

NAME = "reserve"
MOST = 8 << 20
"""Bytes: SQLite's log before it is carried over (4 MB), and as much again."""
SHARE = 16
"""Of a small disk it is this part."""
STEP = 64 << 10
START = 512 << 10
"""Bytes of it that a start gets on a full disk, for the small files that a server makes."""

_FULL = "make room there; what needs room is refused, what frees room is done"


class Reserve:
    """The file, of one thread at a time. Whatever goes wrong with it is no error: then there is no reserve."""

    def __init__(self, folder: Path) -> None:
        self._size = self._most = self._held = 0
        self._full = False
        self._file = -1
        with suppress(OSError):
            disk = os.statvfs(folder)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._file = os.open(folder / NAME, flags, 0o600)
            self._size = self._most = min(MOST, disk.f_frsize * disk.f_blocks // SHARE)
            self._held = min(os.fstat(self._file).st_size, self._size)
            if disk.f_frsize * disk.f_bavail < START:
                self._most = max(self._held - START, self._held // 2)
                self._shrink(self._most)

    def started(self) -> None:
        """Whoever opened it has made the files that a start makes."""
        self._most = self._size

    def take(self) -> bool:
        """Take what there is room for; whether it is whole."""
        if self._held < self._most and not self._grow(self._most):
            while self._grow(min(self._held + STEP, self._most)):
                pass
        whole = self._held >= self._size
        if self._full and whole:
            self._full = False
            log.warning("the disk of the data folder has room again")
        return whole

    def give_up(self) -> None:
        """Let others have it, for a moment. Says once that the disk is full."""
        if not self._full:
            self._full = True
            log.warning("the disk of the data folder is full: %s", _FULL)
        self._shrink(0)

    def close(self) -> None:
        """The file stays, for the next start."""
        with suppress(OSError):
            os.close(self._file)
        self._file = -1

    def _shrink(self, size: int) -> None:
        with suppress(OSError):
            os.ftruncate(self._file, size)
            self._held = size

    def _grow(self, size: int) -> bool:
        if size <= self._held:
            return False
        try:
            os.posix_fallocate(self._file, 0, size)
        except OSError:
            with suppress(OSError):  # what was taken of it
                os.ftruncate(self._file, self._held)
            return False
        self._held = size
        return True
