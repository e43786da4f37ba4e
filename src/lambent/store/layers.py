"""The layers of a function, laid over one another once: `<data-dir>/layers/<key>/`.

What is merged are the unpacked packages of the blob store, by hard links: no byte is copied, and however many
functions and environments use a combination, there is one folder of it. A folder is there whole or not at all; it
is only a cache: without it, it is made again from the packages.
"""

import asyncio
import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from lambent.store.blobs import Blobs
from lambent.store.errors import from_os
from lambent.store.folders import STAGING, Holds, open_folder, remove, sweep_folder

_NO_LINK = {errno.EMLINK, errno.EXDEV, errno.EPERM, errno.ENOTSUP}
"""Why a file system refuses a hard link and a copy is made instead (link(2))."""


class Layers:
    """The merged layers of one data folder. All methods are called on the event loop."""

    def __init__(self, folder: Path, blobs: Blobs) -> None:
        """Open `folder`, removing what a killed server left half done. Raises StoreError."""
        self._folder = folder
        self._blobs = blobs
        self.held = Holds()
        self._locks: dict[str, asyncio.Lock] = {}
        open_folder(folder)

    async def merged(self, digests: Sequence[str]) -> Path:
        """The folder to show as /opt for these packages, later ones over earlier ones.

        Hold it (`hold`) for as long as it is used. A single package is its own folder. Raises BlobMissing,
        PackageError, StoreError.
        """
        if len(digests) == 1:
            return await self._blobs.unpack(digests[0])
        key = key_of(digests)
        target = self._folder / key
        if target.is_dir():
            return target
        async with self._locks.setdefault(key, asyncio.Lock()):
            try:
                sources = [await self._blobs.unpack(digest) for digest in digests]
                await asyncio.to_thread(_merge, sources, target)
            finally:
                self._locks.pop(key, None)
        return target

    def hold(self, digests: Sequence[str]) -> None:
        """Keep the packages and what is merged of them from being swept until `release`; holds are counted."""
        for digest in digests:
            self._blobs.hold(digest)
        self.held.hold(key_of(digests))

    def release(self, digests: Sequence[str]) -> None:
        """End one hold."""
        for digest in digests:
            self._blobs.release(digest)
        self.held.release(key_of(digests))

    async def sweep(self, used: set[tuple[str, ...]]) -> list[str]:
        """Remove every merged folder that is neither held nor of a combination in `used`; answers the keys."""
        keep = {key_of(digests) for digests in used}
        return await sweep_folder(self._folder, lambda name: name in keep or name in self.held or name in self._locks)


def key_of(digests: Sequence[str]) -> str:
    """The name of a combination: the SHA-256 of its digests in order."""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _merge(sources: Sequence[Path], target: Path) -> None:
    """Make `target` from `sources`. Raises StoreError; nothing is left then."""
    if target.is_dir():
        return
    try:
        staging = Path(tempfile.mkdtemp(prefix=STAGING, dir=target.parent))
        try:
            made = staging / "opt"
            made.mkdir(mode=0o755)
            for source in sources:
                _lay_over(source, made)
            made.rename(target)
        finally:
            remove(staging)
    except OSError as error:
        raise from_os(error) from error


def _lay_over(source: Path, target: Path) -> None:
    """Everything of `source` into `target`, in the place of what is there, except that folders are joined."""
    with os.scandir(source) as entries:
        for entry in entries:
            place = target / entry.name
            if entry.is_dir(follow_symlinks=False):
                if place.is_symlink() or not place.is_dir():
                    place.unlink(missing_ok=True)
                    place.mkdir()
                place.chmod(entry.stat(follow_symlinks=False).st_mode & 0o777 | 0o700)
                _lay_over(Path(entry.path), place)
                continue
            _clear(place)
            if entry.is_symlink():
                place.symlink_to(Path(entry.path).readlink())
            else:
                _link(entry.path, place)


def _clear(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        with suppress(FileNotFoundError):
            place.unlink()


def _link(source: str, place: Path) -> None:
    try:
        os.link(source, place, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        shutil.copy2(source, place)
