"""Reading the archive of a saved state, whoever wrote it: plain files and folders first, links last.

Nothing is ever written through a link. Links are what packages, layers and images have, and
stand below those alone: where the server looks by itself there is none.
"""

import itertools
import os
import shutil
import tarfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import IO, cast

from lambent.settings import StartError

WITH_LINKS = {"blobs": 3, "layers": 3, "images": 4, "efs": 3}
"""Folders that hold, in a folder each, what environments see, where its links lead: how many parts the name of a link
has at least, as `blobs/DIGEST/NAME` and `images/DIGEST/root/NAME`."""
SHOWN, WRITTEN = frozenset({"blobs", "layers", "images"}), "efs"
"""Of those, what environments only read, and what they write."""
MODES = 0o777
"""What is kept of a mode."""
MEMBERS = 1_000_000
"""Of an archive: each takes a kilobyte of memory, and next to nothing of a compressed file."""
PIECE = 1 << 20
"""Bytes that are read at once. The content of a file is read by less, a name that is longer is none."""

Member = tuple[PurePosixPath, tarfile.TarInfo]


class _Pieces:
    """A file of which nobody reads much at once: the headers of an archive say themselves how long they are."""

    def __init__(self, content: IO[bytes]) -> None:
        self.seek, self.tell = content.seek, content.tell
        self._content = content

    def read(self, size: int) -> bytes:
        """Raises StartError."""
        if not 0 <= size <= PIECE:
            raise StartError(f"a header of {size} bytes is none of a saved state's")
        return self._content.read(size)


def unpack(content: IO[bytes], into: Path, names: Iterable[str], most: int = MEMBERS) -> None:
    """Write what an archive has below the empty folder `into`; `names` may stand there and nothing else, in
    `most` files.

    Raises StartError before anything is written for what is no saved state, and OSError, TarError.
    """
    with tarfile.open(fileobj=cast(IO[bytes], _Pieces(content)), mode="r:") as archive:
        _unpack(archive, into, frozenset(names), most)


def _unpack(archive: tarfile.TarFile, into: Path, names: frozenset[str], most: int) -> None:
    members = [(_path(member, names), member) for member in itertools.islice(archive, most)]
    if archive.next() is not None:
        raise StartError(f"it has more than {most} files")
    links = {path for path, member in members if member.issym()}
    _check(members, links)
    _check_room(members, into)
    for path, member in sorted(members, key=lambda one: one[1].issym()):
        _write(archive, member, into / path, into)
    for path, member in reversed(members):
        if member.isdir():
            (into / path).chmod(member.mode & MODES)


def _path(member: tarfile.TarInfo, names: frozenset[str]) -> PurePosixPath:
    path = PurePosixPath(member.name)
    if not path.parts or path.parts[0] not in names or ".." in path.parts:
        raise StartError(f"{member.name} is nothing that Lambent keeps")
    return path


def _check(members: list[Member], links: set[PurePosixPath]) -> None:
    """Raises StartError for a member that is not kept so, or stands at or below a link."""
    files = set[PurePosixPath]()
    seen = set[PurePosixPath]()
    for path, member in members:
        twice = path in seen and path in links
        if twice or not links.isdisjoint(path.parents) or not _is_kept(path, member, files):
            raise StartError(f"{member.name} is no file or folder as Lambent keeps them")
        seen.add(path)
        if member.isreg():
            files.add(path)


def _is_kept(path: PurePosixPath, member: tarfile.TarInfo, files: set[PurePosixPath]) -> bool:
    """Whether it is a folder, a file, another name of a file before it, or a link of a package."""
    if member.issym():
        return len(path.parts) >= WITH_LINKS.get(path.parts[0], len(path.parts) + 1)
    if member.islnk():
        return PurePosixPath(member.linkname) in files and _may_share(path, PurePosixPath(member.linkname))
    return member.isdir() or (member.isreg() and not member.issparse())


def _may_share(one: PurePosixPath, other: PurePosixPath) -> bool:
    """Whether two may be one file: what environments see is none of the server's own, what they write is none of what
    others run."""
    tops = {one.parts[0], other.parts[0]}
    return tops <= SHOWN or tops == {WRITTEN}


def _check_room(members: list[Member], into: Path) -> None:
    size, free = sum(member.size for _, member in members), shutil.disk_usage(into).free
    if size > free:
        raise StartError(f"it holds {size >> 20} MB, and the disk has {free >> 20}")


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path, into: Path) -> None:
    """One member, of this process's owner; modes as they were, but for set-uid bits.

    Written out, because the filters of `TarFile.extractall` came with Python 3.11.4: Debian 12 has 3.11.2.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if member.isdir():
        path.mkdir(exist_ok=True)
    elif member.issym():
        path.symlink_to(member.linkname)
    elif member.islnk():
        path.hardlink_to(into / member.linkname)
    else:
        content = archive.extractfile(member)
        assert content is not None
        with content, path.open("wb") as file:
            shutil.copyfileobj(content, file)
        path.chmod(member.mode & MODES)
        os.utime(path, (member.mtime, member.mtime))
