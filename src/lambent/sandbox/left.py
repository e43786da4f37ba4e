"""What a sandbox holds while nothing runs in it: files in its /tmp, threads and descriptors of its processes."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

MOST_ENTRIES, DEEPEST = 300, 8


@dataclass(frozen=True, slots=True)
class File:
    """One in /tmp. `written` and `read` are seconds since 1970; the kernel tells the first reading after a change, and
    of later ones one a day (relatime, https://man7.org/linux/man-pages/man8/mount.8.html)."""

    name: str
    size: int
    written: float
    read: float


@dataclass(frozen=True, slots=True)
class Left:
    """All of it; None is unknown."""

    tmp_bytes: int | None
    files: list[File]
    threads: int | None
    descriptors: int | None


def look(tmp: int, pids: list[int]) -> Left:
    """What is behind the descriptor of a /tmp (-1: unknown) and in processes."""
    held, found = None, []
    if tmp >= 0:
        with suppress(OSError):
            held, found = used(tmp), files(tmp)
    return Left(held, found, _sum(map(threads, pids)), _sum(map(descriptors, pids)))


def _sum(counts: Iterable[int | None]) -> int | None:
    known = list(counts)
    return None if not known or None in known else sum(one for one in known if one is not None)


def used(tmp: int) -> int:
    """Bytes in the file system behind a descriptor. Raises OSError."""
    found = os.fstatvfs(tmp)
    return (found.f_blocks - found.f_bfree) * found.f_frsize


def files(tmp: int, most: int = MOST_ENTRIES) -> list[File]:
    """Ordinary files below a folder's descriptor; no link is followed, and what is beyond the first `most` entries is
    not looked at: a million must not keep the server busy. Raises OSError."""
    return [one for one in islice(_walk(tmp, "/tmp", 0), most) if one is not None]  # noqa: S108


def _walk(folder: int, name: str, depth: int) -> Iterator[File | None]:
    """A file or, for each entry that is none, None."""
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                about = os.stat(entry.name, dir_fd=folder, follow_symlinks=False)
            except OSError:  # just gone
                continue
            if stat.S_ISREG(about.st_mode):
                yield File(f"{name}/{entry.name}", about.st_size, about.st_mtime, about.st_atime)
                continue
            yield None
            if stat.S_ISDIR(about.st_mode) and depth < DEEPEST:
                yield from _below(folder, entry.name, f"{name}/{entry.name}", depth + 1)


def _below(folder: int, entry: str, name: str, depth: int) -> Iterator[File | None]:
    try:
        inner = os.open(entry, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return
    try:
        yield from _walk(inner, name, depth)
    finally:
        os.close(inner)


def threads(pid: int) -> int | None:
    """Of a process; None when that can't be told."""
    return _count(f"/proc/{pid}/task")


def descriptors(pid: int) -> int | None:
    """Open files and connections of a process."""
    return _count(f"/proc/{pid}/fd")


def _count(folder: str) -> int | None:
    try:
        return sum(1 for _ in Path(folder).iterdir())
    except OSError:
        return None
