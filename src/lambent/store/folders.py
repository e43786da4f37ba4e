"""What the rooms' folders by content have in common: half-done work is removed at the start, what nobody holds later.

An entry is made beside under a name that begins with `STAGING` and renamed, so that it is there whole or not at all.
"""

import os
import shutil
import stat
from collections import Counter
from contextlib import suppress
from pathlib import Path

from lambent.store.errors import from_os

STAGING = "staging-"


class Holds(Counter[str]):
    """Who keeps what from being swept; holds are counted."""

    def hold(self, name: str) -> None:
        """One more holder."""
        self[name] += 1

    def release(self, name: str) -> None:
        """End one hold."""
        self[name] -= 1
        if self[name] <= 0:
            del self[name]


def open_folder(folder: Path) -> None:
    """Make `folder` and remove what a killed server left half done in it. Raises StoreError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(f"{STAGING}*"):
            remove(left)
    except OSError as error:
        raise from_os(error) from error


def remove_all_but(folder: Path, keep: set[str]) -> list[str]:
    """Remove every entry of `folder` whose name is not in `keep`; their names. Raises StoreError."""
    gone = []
    try:
        for entry in sorted(folder.iterdir()):
            if entry.name not in keep and not entry.name.startswith(STAGING):
                away = entry.with_name(f"{STAGING}{entry.name}")
                entry.rename(away)
                remove(away)
                gone.append(entry.name)
    except OSError as error:
        raise from_os(error) from error
    return gone


def remove(path: Path) -> None:
    """Remove a file or a tree, also one whose folders forbid it."""
    if not path.is_dir():
        path.unlink(missing_ok=True)
        return
    for folder, _names, _files in os.walk(path):
        with suppress(OSError):
            Path(folder).chmod(stat.S_IRWXU)
    shutil.rmtree(path, ignore_errors=True)
