"""What registries keep: blobs of container images (layers, configurations) as files by content.

`<data-dir>/registry/<sha256>` is there whole or not at all; `staging-<id>` is an upload under way, which ends with the
server. Which repository has which blob is the service's affair. All methods are called on the event loop.
"""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from lambent.store.errors import BlobMissing, from_os
from lambent.store.folders import STAGING, open_folder, place, remove

MOST_UPLOADS = 256
"""Uploads under way at once; docker has five of each push."""
EACH = 64
"""Of one account: another one ends the one that was left alone the longest."""
IDLE_SECONDS = 3600.0
"""After which an upload that nobody goes on with is forgotten."""
LAYER_BYTES = 10 << 30
"""Of one blob: no image of a function is larger."""
_CHUNK = 1 << 20


class UploadMissing(Exception):
    """There is no such upload (any more)."""


class UploadRefused(Exception):
    """The bytes are not what they are said to be, or too many; the text says which."""


@dataclass(slots=True)
class _Upload:
    path: Path
    owner: object
    account: str
    touched: float
    size: int = 0
    seen: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class ImageBlobs:
    """The blobs of one folder. `now` counts seconds. At once there are `most` uploads, `each` of an account."""

    def __init__(self, folder: Path, now: Callable[[], float], most: int = MOST_UPLOADS, each: int = EACH) -> None:
        """Open `folder`, removing what a killed server left half done. Raises StoreError."""
        self._folder = folder
        self._now = now
        self._most, self._each = most, each
        self._uploads: dict[str, _Upload] = {}
        open_folder(folder)

    # --- uploads

    def begin(self, upload_id: str, owner: object, account: str) -> bool:
        """A new upload, which only its `owner` (what equals it) can go on with; False when there are too many."""
        self._forget_idle()
        self._make_room(account)
        if len(self._uploads) >= self._most:
            return False
        path = place(self._folder, f"{STAGING}{upload_id}")
        self._uploads[upload_id] = _Upload(path, owner, account, self._now())
        return True

    def received(self, upload_id: str, owner: object) -> int:
        """Bytes of an upload so far. Raises UploadMissing."""
        return self._find(upload_id, owner).size

    async def append(self, upload_id: str, owner: object, data: bytes | IO[bytes], at: int | None = None) -> int:
        """Add bytes, or those of a file; how many there are now. With `at`, that many have to be there before.
        Raises UploadMissing, UploadRefused, StoreError."""
        upload = self._find(upload_id, owner)
        async with upload.lock:
            upload.touched = self._now()
            if at is not None and at != upload.size:
                raise UploadRefused(f"the next byte is number {upload.size}, not {at}")
            try:
                await asyncio.to_thread(_append, upload, data)
            except OSError as error:
                self._drop(upload_id)
                raise from_os(error) from error
            except UploadRefused:
                self._drop(upload_id)
                raise
            return upload.size

    async def finish(self, upload_id: str, owner: object, digest: str) -> int:
        """Make a blob (hex SHA-256) of what came; its size. It is gone when nobody says that it is used (`discard`).
        Raises UploadMissing, UploadRefused for another digest, StoreError."""
        upload = self._find(upload_id, owner)
        async with upload.lock:
            if upload.seen.hexdigest() != digest:
                self._drop(upload_id)
                raise UploadRefused(f"the bytes that came have the digest sha256:{upload.seen.hexdigest()}")
            self._uploads.pop(upload_id, None)
            try:
                await asyncio.to_thread(_settle, upload.path, place(self._folder, digest))
            except OSError as error:
                upload.path.unlink(missing_ok=True)
                raise from_os(error) from error
            return upload.size

    def cancel(self, upload_id: str, owner: object) -> None:
        """Forget an upload. Raises UploadMissing."""
        self._find(upload_id, owner)
        self._drop(upload_id)

    def _find(self, upload_id: str, owner: object) -> _Upload:
        upload = self._uploads.get(upload_id)
        if upload is None or upload.owner != owner:
            raise UploadMissing(upload_id)
        return upload

    def _drop(self, upload_id: str) -> None:
        upload = self._uploads.pop(upload_id, None)
        if upload is not None:
            upload.path.unlink(missing_ok=True)

    def _make_room(self, account: str) -> None:
        own = [one for one, upload in self._uploads.items() if upload.account == account]
        left = [one for one in own if not self._uploads[one].lock.locked()]
        if len(own) >= self._each and left:
            self._drop(min(left, key=lambda one: self._uploads[one].touched))

    def _forget_idle(self) -> None:
        since = self._now() - IDLE_SECONDS
        for upload_id in [one for one, upload in self._uploads.items() if upload.touched < since]:
            self._drop(upload_id)

    # --- blobs

    def __contains__(self, digest: str) -> bool:
        return place(self._folder, digest).is_file()

    def open(self, digest: str) -> IO[bytes]:
        """The blob's bytes. Raises BlobMissing."""
        try:
            return place(self._folder, digest).open("rb")
        except FileNotFoundError as error:
            raise BlobMissing(digest) from error

    def discard(self, digest: str) -> None:
        """Remove a blob that no repository has any more; who reads it reads on."""
        place(self._folder, digest).unlink(missing_ok=True)

    async def sweep(self, used: Callable[[str], bool]) -> None:
        """Remove every blob that is not `used`, at the start. Raises StoreError."""
        try:
            names = await asyncio.to_thread(os.listdir, self._folder)
            for name in names:
                if not name.startswith(STAGING) and not used(name):
                    await asyncio.to_thread(remove, self._folder / name)
        except OSError as error:
            raise from_os(error) from error


async def parts(file: IO[bytes], first: int = 0) -> AsyncIterator[bytes]:
    """A file from one byte on, piece by piece; closed in the end."""
    with file:
        file.seek(first)
        while piece := await asyncio.to_thread(file.read, _CHUNK):
            yield piece


def _append(upload: _Upload, data: bytes | IO[bytes]) -> None:
    with upload.path.open("ab") as sink:
        for piece in (data,) if isinstance(data, bytes) else iter(lambda: data.read(_CHUNK), b""):
            upload.size += len(piece)
            if upload.size > LAYER_BYTES:
                raise UploadRefused(f"a layer has at most {LAYER_BYTES} bytes here")
            upload.seen.update(piece)
            sink.write(piece)


def _settle(path: Path, target: Path) -> None:
    """Written for good before it has its name."""
    with path.open("ab") as sink:
        os.fsync(sink.fileno())
    path.replace(target)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
