"""Reading the archive of a saved state, whoever wrote it: plain files and folders first, links last.

Nothing is ever written through a link, whatever the filters of `tarfile` make of one (CVE-2025-4517: they take a link
whose way is longer than a path may be for one that stays inside). Links are what packages, layers and images have, and
stand below those alone: where the server looks by itself there is none.
"""

import shutil
import tarfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from lambent.settings import StartError

WITH_LINKS = frozenset({"blobs", "layers", "images", "efs"})
"""Folders that hold, in a folder each, what environments see, where its links lead."""
DEPTH = 3
"""Parts of the name that a link has at least: `blobs/DIGEST/NAME`."""

Member = tuple[PurePosixPath, tarfile.TarInfo]


def unpack(archive: tarfile.TarFile, into: Path, names: Iterable[str]) -> None:
    """Write what an open archive has below the empty folder `into`; `names` may stand there and nothing else.

    Raises StartError before anything is written for what is no saved state, and OSError, TarError.
    """
    members = [(_path(member, frozenset(names)), member) for member in archive.getmembers()]
    links = {path for path, member in members if member.issym()}
    _check(members, links)
    _check_room(members, into)
    plain = [member for _, member in members if not member.issym()]
    archive.extractall(into, plain, filter=_as_kept)  # noqa: S202 (filtered, and no link is there)
    for path, member in members:
        if member.issym():
            (into / path.parent).mkdir(parents=True, exist_ok=True)
            (into / path).symlink_to(member.linkname)


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
        return path.parts[0] in WITH_LINKS and len(path.parts) >= DEPTH
    if member.islnk():
        return PurePosixPath(member.linkname) in files
    return member.isdir() or (member.isreg() and not member.issparse())


def _check_room(members: list[Member], into: Path) -> None:
    size, free = sum(member.size for _, member in members), shutil.disk_usage(into).free
    if size > free:
        raise StartError(f"it holds {size >> 20} MB, and the disk has {free >> 20}")


def _as_kept(member: tarfile.TarInfo, where: str) -> tarfile.TarInfo:
    """Below the folder, without owners (PEP 706); modes as they were, but for set-uid bits."""
    return tarfile.tar_filter(tarfile.data_filter(member, where), where).replace(mode=member.mode & 0o777)
