"""What is kept of moto's memory: one file for each of its services, in a folder of the server's.

A file is a line of JSON (`services`: botocore's names of those that it was changed by), and what `inside.save` made,
which is read by nobody but moto.
"""

import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import orjson

UNREAD = "unread"
"""Where those lie that moto can't read."""
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")
"""Of a service of moto's: it says so itself, and may say anything."""
ENDING = ".moto"
ROOM = 1 << 20
"""Bytes that have to be free on the disk before more is taken than is kept."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one of moto's services. `services` are botocore's names."""

    services: frozenset[str]
    content: bytes


class Files:
    """The folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """moto's services of which something is kept."""
        try:
            found = (path.name.removesuffix(ENDING) for path in self._folder.iterdir() if path.suffix == ENDING)
            return sorted(name for name in found if NAME.fullmatch(name))
        except FileNotFoundError:
            return []

    def read(self, name: str) -> Kept | None:
        """None when there is no such file, or it is none of these. Raises OSError."""
        try:
            first, _, rest = self._path(name).read_bytes().partition(b"\n")
            return Kept(frozenset(map(str, orjson.loads(first)["services"])), rest)
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def write(self, name: str, services: Collection[str], content: bytes) -> None:
        """On disk when this returns, what was there before until then. Raises OSError."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        replace(self._path(name), orjson.dumps({"services": sorted(services)}), b"\n", content)

    def has_room(self, size: int) -> bool:
        """Whether so many bytes can be written as well. A disk that does not say has."""
        try:
            disk = os.statvfs(self._folder.parent)
        except OSError:
            return True
        return disk.f_blocks == 0 or disk.f_frsize * disk.f_bavail >= size + ROOM

    def set_aside(self, name: str) -> Path:
        """Out of the way, and where it is then. Raises OSError."""
        unread = self._folder / UNREAD
        unread.mkdir(mode=0o700, exist_ok=True)
        number = sum(path.name.startswith(f"{name}.") for path in unread.iterdir()) + 1
        return self._path(name).replace(unread / f"{name}.{number}")

    def remove(self, name: str) -> None:
        """Raises OSError."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{ENDING}"


def replace(path: Path, *content: bytes) -> None:
    """Written beside, synced and renamed. Raises OSError."""
    beside = path.with_name(f"{path.name}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.writelines(content)
        file.flush()
        os.fsync(descriptor)
    beside.replace(path)
