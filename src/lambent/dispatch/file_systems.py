"""Folders of this machine that stand for the access points of file systems, shared by all who mount them.

A folder that was given is used as it is; any other is made on first use and belongs to the sandboxes' user. Nothing is
ever removed from either: on AWS, too, files outlive the functions that wrote them.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-filesystem.html
"""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from lambent.model.function import FunctionVersion
from lambent.sandbox.orders import GID, UID
from lambent.sandbox.spec import Bind

MODE = 0o750


class FileSystemMissing(Exception):
    """The folder of an access point can't be had; the text names both."""


class FileSystems:
    """`given` maps ARNs of access points to folders; those of all others are made in `home`."""

    def __init__(self, given: Mapping[str, Path], home: Path) -> None:
        self._given = given
        self._home = home

    async def binds(self, function: FunctionVersion) -> tuple[Bind, ...]:
        """What environments of `function` see. Raises FileSystemMissing."""
        if not function.file_systems:
            return ()
        return await asyncio.to_thread(self._binds, function)

    def _binds(self, function: FunctionVersion) -> tuple[Bind, ...]:
        return tuple(Bind(self.folder(one.arn), one.path, writable=True) for one in function.file_systems)

    def folder(self, arn: str) -> Path:
        """The folder that stands for an access point; there afterwards. Raises FileSystemMissing."""
        folder = self._given.get(arn) or self._home / arn.rpartition("/")[2]
        if not folder.is_dir():
            try:
                _make(folder)
            except OSError as error:
                raise FileSystemMissing(f"{folder}, which stands for {arn}: {error.strerror}") from error
        return folder


def _make(folder: Path) -> None:
    """For the sandboxes' user: an ordinary user's sandboxes have that one's own id outside."""
    folder.mkdir(parents=True)
    folder.chmod(MODE)
    if os.geteuid() == 0:
        os.chown(folder, UID, GID)
