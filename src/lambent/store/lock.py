"""A data folder belongs to one server at a time."""

import fcntl
import os
from pathlib import Path

from lambent.store.errors import StoreInUse, from_os


class FolderLock:
    """A lock on `<folder>/lock`, held until `release` or the end of the process, however it ends."""

    def __init__(self, folder: Path) -> None:
        """Take the lock, making the folder if needed, for this user alone. Raises StoreInUse, StoreError."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise from_os(error) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.pread(self._file, 32, 0).decode(errors="replace").strip()
            os.close(self._file)
            by = f" (process {owner})" if owner.isdigit() else ""
            raise StoreInUse(f"another lambent{by} runs on {folder}") from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Let go."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
