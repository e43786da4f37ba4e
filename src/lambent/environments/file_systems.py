"""Folders of this machine that stand for the access points of file systems, shared by all who mount them.

A folder that was given is used as it is; any other is made on first use and belongs to the sandboxes' user. Nothing is
ever removed from either: on AWS, too, files outlive the functions that wrote them.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-filesystem.html
"""

import asyncio
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from lambent.model.function import FunctionVersion
from lambent.sandbox.orders import GID, UID
from lambent.store.folders import place

MODE = 0o750


class FileSystemMissing(Exception):
    """The folder of an access point can't be had; the text names both."""


class FileSystems:
    """`given` maps ARNs of access points to folders; those of all others are made in `home`."""

    def __init__(self, given: Mapping[str, Path], home: Path) -> None:
        self._given = given
        self._home = home

    async def folders(self, function: FunctionVersion) -> dict[str, Path]:
        """The folders that environments of `function` see, by the path inside; all there. Raises FileSystemMissing."""
        if not function.file_systems:
            return {}
        return await asyncio.to_thread(self._folders, function)

    def _folders(self, function: FunctionVersion) -> dict[str, Path]:
        return {one.path: self.folder(one.arn) for one in function.file_systems}

    def folder(self, arn: str) -> Path:
        """The folder that stands for an access point; there afterwards. Raises FileSystemMissing."""
        folder = self._given.get(arn) or place(self._home, arn.rpartition("/")[2])
        if not folder.is_dir():
            try:
                _make(folder)
            except OSError as error:
                raise FileSystemMissing(f"{folder}, which stands for {arn}: {error.strerror}") from error
        return folder


def is_writable(folder: Path) -> bool:
    """Whether functions can write there; none of ours is asked, a given one is its owner's to open for them."""
    if os.geteuid() != 0:
        return os.access(folder, os.W_OK | os.X_OK)
    found = folder.stat()
    needed = stat.S_IWOTH | stat.S_IXOTH
    if found.st_uid == UID:
        needed = stat.S_IWUSR | stat.S_IXUSR
    elif found.st_gid == GID:
        needed = stat.S_IWGRP | stat.S_IXGRP
    return found.st_mode & needed == needed


def _make(folder: Path) -> None:
    """For the sandboxes' user: an ordinary user's sandboxes have that one's own id outside."""
    folder.mkdir(parents=True)
    folder.chmod(MODE)
    if os.geteuid() == 0:
        os.chown(folder, UID, GID)
