"""What the rooms' folders by content have in common: half-done work is removed at the start, what nobody holds later.

An entry is made beside under a name that begins with `STAGING` and renamed, so that it is there whole or not at all.
"""

import asyncio
import os
import shutil
import stat
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from lambent.model.names import entry
from lambent.store.errors import StoreBroken, from_os

STAGING = "staging-"


def _nobody() -> None:
    pass


class Holds(Counter[str]):
    """Who keeps what from being swept; holds are counted. `unused` is called when the last holder of something goes."""

    unused: Callable[[], None] = staticmethod(_nobody)

    def hold(self, name: str) -> None:
        """One more holder."""
        self[name] += 1

    def release(self, name: str) -> None:
        """End one hold."""
        self[name] -= 1
        if self[name] <= 0:
            del self[name]
            self.unused()


def place(folder: Path, name: str) -> Path:
    """An entry of `folder`. Raises StoreBroken for a name that leads elsewhere."""
    try:
        return folder / entry(name)
    except ValueError as error:
        raise StoreBroken(str(error)) from error


def open_folder(folder: Path) -> None:
    """Make `folder` and remove what a killed server left half done in it. Raises StoreError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(f"{STAGING}*"):
            remove(left)
    except OSError as error:
        raise from_os(error) from error


async def sweep_folder(folder: Path, wanted: Callable[[str], bool]) -> list[str]:
    """Remove every entry that is not `wanted`, which is asked at the moment of its removal; the names. Raises
    StoreError."""
    gone = []
    try:
        for name in await asyncio.to_thread(_entries, folder):
            if not wanted(name):
                away = Path(tempfile.mkdtemp(prefix=STAGING, dir=folder))
                (folder / name).rename(away / name)
                await asyncio.to_thread(remove, away)
                gone.append(name)
    except OSError as error:
        raise from_os(error) from error
    return gone


def _entries(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith(STAGING))


def remove(path: Path) -> None:
    """Remove a file or a tree, also one whose folders forbid it."""
    if not path.is_dir():
        path.unlink(missing_ok=True)
        return
    for folder, _names, _files in os.walk(path):
        with suppress(OSError):
            Path(folder).chmod(stat.S_IRWXU)
    shutil.rmtree(path, ignore_errors=True)
