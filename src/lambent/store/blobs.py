"""Code packages by content: `<data-dir>/blobs/<sha256>.zip` and, unpacked once, `<sha256>/`.

A blob is there whole or not at all: written beside, synced, renamed. A package in use (by a record or by an
environment, see `hold`) is never removed.
"""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from lambent.store import packages
from lambent.store.errors import BlobMissing, from_os
from lambent.store.folders import STAGING, Holds, open_folder, place, remove

_DIGEST_LENGTH = 64
_LOCKS = 16


@dataclass(frozen=True, slots=True)
class Blob:
    """A stored package: hex SHA-256, and its size in bytes as uploaded."""

    digest: str
    size: int


class Blobs:
    """The packages in one folder. All methods are called on the event loop."""

    def __init__(self, folder: Path, unzipped_limit: int) -> None:
        """Open `folder`, removing what a killed server left half done. Raises StoreError."""
        self._folder = folder
        self._limit = unzipped_limit
        self.held = Holds()
        self._unpacked_sizes: dict[str, int] = {}
        self._locks = tuple(asyncio.Lock() for _ in range(_LOCKS))
        open_folder(folder)

    # --- reads -------------------------------------------------------------------------------------------

    def path(self, digest: str) -> Path:
        """Where the package's zip file is, if it is."""
        return place(self._folder, f"{digest}.zip")

    def unpacked(self, digest: str) -> Path | None:
        """The folder of the unpacked package if it is there: no work, no waiting for a thread."""
        folder = place(self._folder, digest)
        return folder if folder.is_dir() else None

    def __contains__(self, digest: str) -> bool:
        return self.path(digest).is_file()

    def size(self, digest: str) -> int:
        """Bytes of the zip file. Raises BlobMissing."""
        try:
            return self.path(digest).stat().st_size
        except FileNotFoundError as error:
            raise BlobMissing(digest) from error

    async def get(self, digest: str) -> bytes:
        """The zip file. Raises BlobMissing, StoreError."""
        return await asyncio.to_thread(self._read, digest)

    # --- writes ------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def keep(self, data: bytes) -> AsyncIterator[Blob]:
        """Store a package and unpack it; it is not swept before the block ends, when a record refers to it.

        Raises PackageError for one that can't be unpacked, StoreError.
        """
        digest = await asyncio.to_thread(digest_of, data)
        with self.using(digest):
            async with self._lock(digest):
                await asyncio.to_thread(self._put, digest, data)
            yield Blob(digest, len(data))

    async def unpack(self, digest: str) -> Path:
        """The folder of the unpacked package, unpacking it if need be; once, however many ask.

        Raises BlobMissing, PackageError, StoreError.
        """
        if (ready := self.unpacked(digest)) is not None:
            return ready
        async with self._lock(digest):
            return await asyncio.to_thread(self._unpack, digest, None)

    async def unpacked_size(self, digest: str) -> int:
        """Bytes of the files of a package when it is unpacked. Raises as `unpack`."""
        if digest not in self._unpacked_sizes:
            folder = await self.unpack(digest)
            self._unpacked_sizes[digest] = await asyncio.to_thread(_bytes_below, folder)
        return self._unpacked_sizes[digest]

    @contextmanager
    def using(self, digest: str) -> Iterator[None]:
        """Keep a package from being swept for as long as the block lasts."""
        self.hold(digest)
        try:
            yield
        finally:
            self.release(digest)

    def hold(self, digest: str) -> None:
        """Keep a package from being swept until `release`; holds are counted."""
        self.held.hold(digest)

    def release(self, digest: str) -> None:
        """End one hold."""
        self.held.release(digest)

    async def sweep(self, used: Callable[[str], bool]) -> list[str]:
        """Remove every package that is neither held nor `used`; returns their digests. Raises StoreError."""
        found = await asyncio.to_thread(self._digests)
        removed = []
        for digest in found:
            async with self._lock(digest):
                if not self.held[digest] and not used(digest):
                    await asyncio.to_thread(self._discard, digest)
                    self._unpacked_sizes.pop(digest, None)
                    removed.append(digest)
        return removed

    def _lock(self, digest: str) -> asyncio.Lock:
        return self._locks[int(digest[:2], 16) % _LOCKS]

    # --- in a thread -------------------------------------------------------------------------------------

    def _read(self, digest: str) -> bytes:
        try:
            return self.path(digest).read_bytes()
        except FileNotFoundError as error:
            raise BlobMissing(digest) from error
        except OSError as error:
            raise from_os(error) from error

    def _put(self, digest: str, data: bytes) -> None:
        self._unpack(digest, data)  # first, so that a package that can't be unpacked leaves nothing
        if self.path(digest).exists():
            return
        try:
            self._write(digest, data)
        except OSError as error:
            raise from_os(error) from error

    def _write(self, digest: str, data: bytes) -> None:
        file, name = tempfile.mkstemp(prefix=STAGING, dir=self._folder)
        try:
            with os.fdopen(file, "wb") as sink:
                sink.write(data)
                sink.flush()
                os.fsync(sink.fileno())
            Path(name).replace(self.path(digest))
            self._sync_folder()
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _sync_folder(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _unpack(self, digest: str, data: bytes | None) -> Path:
        target = place(self._folder, digest)
        if target.is_dir():
            return target
        content = self._read(digest) if data is None else data
        try:
            staging = Path(tempfile.mkdtemp(prefix=STAGING, dir=self._folder))
        except OSError as error:
            raise from_os(error) from error
        try:
            packages.unpack(content, staging / "package", self._limit)
            (staging / "package").rename(target)
        except OSError as error:
            if not target.is_dir():  # else a thread whose asker was cancelled came first
                raise from_os(error) from error
        finally:
            remove(staging)
        return target

    def _digests(self) -> list[str]:
        try:
            names = {entry.name.removesuffix(".zip") for entry in self._folder.iterdir()}
        except OSError as error:
            raise from_os(error) from error
        return sorted(name for name in names if len(name) == _DIGEST_LENGTH)

    def _discard(self, digest: str) -> None:
        try:
            folder = place(self._folder, digest)
            if folder.exists():
                away = self._folder / f"{STAGING}{digest}"
                folder.rename(away)
                remove(away)
            self.path(digest).unlink(missing_ok=True)
        except OSError as error:
            raise from_os(error) from error


def digest_of(data: bytes) -> str:
    """The name of a package: the hex SHA-256 of its bytes."""
    return hashlib.sha256(data).hexdigest()


def _bytes_below(folder: Path) -> int:
    try:
        return sum(os.lstat(Path(at, name)).st_size for at, _folders, names in os.walk(folder) for name in names)
    except OSError as error:
        raise from_os(error) from error
