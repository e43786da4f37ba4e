"""Packages in zip files: read in memory, within limits; nothing is unpacked."""

import functools
import zipfile
import zlib
from pathlib import Path

from lambent.pitfalls.facts.unread import NotRead

MOST_BYTES = 64 << 20
MOST_ENTRIES = 20_000
MOST_ENTRY = 2 << 20
MOST_READ = 32 << 20
MOST_OPEN = 8
_BROKEN = (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, zlib.error, ValueError)


@functools.lru_cache(MOST_OPEN)
def _opened(path: Path, _size: int, _changed: int) -> zipfile.ZipFile:
    """A zip that stays open while others are not asked for: its directory is read once, not for each of its files."""
    return zipfile.ZipFile(path)


def _open(path: Path) -> zipfile.ZipFile:
    now = path.stat()
    return _opened(path, now.st_size, now.st_mtime_ns)


class Zip:
    """One zip file. Raises NotRead if it is none, or too large."""

    def __init__(self, path: Path) -> None:
        try:
            if path.stat().st_size > MOST_BYTES:
                raise NotRead(f"it has more than {MOST_BYTES >> 20} MB")
            names = _open(path).namelist()
        except _BROKEN as error:
            raise NotRead(f"it is no zip that can be opened: {error}") from None
        if len(names) > MOST_ENTRIES:
            raise NotRead(f"it has more than {MOST_ENTRIES:,} entries")
        self.path, self.names, self.left = path, set(names), MOST_READ

    def text(self, name: str) -> str:
        """An entry as text. Raises NotRead; what an entry claims of its size is not believed."""
        try:
            with _open(self.path).open(name) as entry:
                data = entry.read(MOST_ENTRY + 1)
        except _BROKEN as error:
            raise NotRead(f"it can't be unpacked: {error}") from None
        self.left -= len(data)
        if len(data) > MOST_ENTRY or self.left < 0:
            raise NotRead("it unfolds to too much")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise NotRead("it is not UTF-8") from None
