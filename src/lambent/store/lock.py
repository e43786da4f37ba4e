"""A data folder belongs to one server at a time."""

import fcntl
import os
import stat
from contextlib import suppress
from pathlib import Path

from lambent.store.errors import StoreForeign, StoreInUse, from_os


class FolderLock:
    """A lock on `<folder>/lock`, held until `release` or the end of the process, however it ends."""

    def __init__(self, folder: Path) -> None:
        """Take the lock of a folder, made for this user if need be. Raises StoreInUse, StoreForeign, StoreError."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _check(folder)
            self._file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise from_os(error) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.pread(self._file, 32, 0).decode(errors="replace").strip()
            os.close(self._file)
            by = f" (process {owner})" if owner.isdigit() else ""
            raise StoreInUse(f"another lambent{by} runs on {folder}") from error
        with suppress(OSError):  # on a full disk nobody is told whose it is
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Let go."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _check(folder: Path) -> None:
    """Nobody else has made the folder for everybody, or put a link into it, by which the server would write where that
    one likes. Raises StoreForeign, OSError."""
    ours = (0, os.geteuid())
    said = folder.stat()
    if said.st_uid not in ours and said.st_mode & stat.S_IWOTH:
        raise StoreForeign("everybody may write there, and another user made it: name another folder")
    with os.scandir(folder) as entries:
        links = [entry for entry in entries if entry.is_symlink()]
    for entry in links:
        if entry.stat(follow_symlinks=False).st_uid not in ours:
            raise StoreForeign(
                f"{entry.name} in it is a link that another user made: remove it, or name another folder"
            )
