"""What objects consist of: small ones lie in the store, with its one sync for many; others are files of their own.

A file is written and synced in `incoming/`, and moved to its place when the index knows it. What a killed server left
there is moved or removed at the next start, so no object is ever half there. Nothing of a body is held in memory but
the piece at hand.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import IO, NamedTuple, Protocol

from lambent.objects.checksums import Digests
from lambent.store.errors import from_os
from lambent.store.objects import ObjectStore, Pieces, View, data_of

INLINE = 1 << 15
"""Bytes up to which a content lies in the store."""
PIECE = 1 << 20
FOLDERS = 256


class Source(Protocol):
    """A body that is read in pieces."""

    def read(self, size: int, /) -> bytes: ...


class Kept(NamedTuple):
    """A content that was taken in and that no index knows yet. `data` None is a file."""

    number: int
    size: int
    md5: str
    checksums: dict[str, str]
    data: bytes | None

    @property
    def pieces(self) -> Pieces:
        """It as the whole of something."""
        return [[self.number, 0, self.size]] if self.size else []

    @property
    def rows(self) -> list[tuple[int, bytes | None]]:
        """What the index is to take in."""
        return [(self.number, self.data)] if self.size else []


class Contents:
    """The files below `folder`, and the bytes in the store."""

    def __init__(self, folder: Path, store: ObjectStore) -> None:
        self._folder = folder
        self._incoming = folder / "incoming"
        self.store = store
        self._next = 1
        self._tasks: set[asyncio.Task[None]] = set()
        store.unused = self._drop_soon

    async def open(self) -> None:
        """Make the folders, finish what a killed server began. Raises StoreError."""
        highest, _ = await self.store.numbers()
        self._next = highest + 1
        try:
            left = await asyncio.to_thread(self._prepare)
        except OSError as error:
            raise from_os(error) from error
        known = await self.store.known_files(left)
        await asyncio.to_thread(self._settle, left, known)
        self._next = max([self._next, *(number + 1 for number in left)])
        gone = await self.store.unused_files()
        if gone:
            await self._drop(gone)

    async def close(self) -> None:
        """Finish the removals under way."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    # --- in -----------------------------------------------------------------------------------------------

    async def keep(self, source: bytes | Source, names: Sequence[str]) -> Kept:
        """Take a body in, on disk when this comes back, and its checksums. Raises StoreError, ValueError as the
        source does."""
        number, self._next = self._next, self._next + 1
        if isinstance(source, bytes) and len(source) <= INLINE:
            return _inline(number, source, names)
        try:
            return await asyncio.to_thread(self._write, number, source, names)
        except OSError as error:
            raise from_os(error) from error

    def arrived(self, kept: Kept) -> None:
        """The index knows it now."""
        if kept.data is None:
            with contextlib.suppress(FileNotFoundError):  # deleted within the same group
                self._place(kept.number)

    def forget(self, kept: Kept) -> None:
        """The index will never know it."""
        if kept.data is None:
            self._incoming_path(kept.number).unlink(missing_ok=True)

    # --- out ----------------------------------------------------------------------------------------------

    async def open_pieces(self, pieces: Pieces, data: dict[int, bytes | None]) -> "Opened":
        """Files are open from here on, so that nobody's deletion cuts the answer short. Raises StoreError."""
        numbers = {number for number, _, _ in pieces if data.get(number) is None}
        try:
            files = await asyncio.to_thread(self._open_all, numbers) if numbers else {}
        except OSError as error:
            raise from_os(error) from error
        return Opened(pieces, data, files)

    async def digest(self, opened: "Opened", names: Sequence[str]) -> Digests:
        """The checksums of what is there. Raises StoreError."""

        def work() -> Digests:
            digests = Digests(names)
            for piece in opened.source():
                digests.update(piece)
            return digests

        try:
            return await asyncio.to_thread(work)
        except OSError as error:
            raise from_os(error) from error
        finally:
            opened.close()

    # --- in a thread --------------------------------------------------------------------------------------

    def _path(self, number: int) -> Path:
        return self._folder / f"{number % FOLDERS:02x}" / f"{number:x}"

    def _incoming_path(self, number: int) -> Path:
        return self._incoming / f"{number:x}"

    def _prepare(self) -> list[int]:
        self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        for at in range(FOLDERS):
            (self._folder / f"{at:02x}").mkdir(exist_ok=True, mode=0o700)
        return [int(path.name, 16) for path in self._incoming.iterdir()]

    def _settle(self, left: Sequence[int], known: set[int]) -> None:
        for number in left:
            if number in known:
                self._place(number)
            else:
                self._incoming_path(number).unlink(missing_ok=True)

    def _place(self, number: int) -> None:
        self._incoming_path(number).rename(self._path(number))

    def _write(self, number: int, source: bytes | Source, names: Sequence[str]) -> Kept:
        digests = Digests(names)
        path = self._incoming_path(number)
        start = b""
        if not isinstance(source, bytes):
            start = _first(source)
            if len(start) <= INLINE:
                return _inline(number, start, names)
        try:
            with path.open("xb", buffering=0) as file:
                for piece in _pieces(source, start):
                    digests.update(piece)
                    _write_all(file, piece)
                os.fsync(file.fileno())
            _sync_folder(self._incoming)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return _kept(number, digests, None)

    def _open_all(self, numbers: set[int]) -> dict[int, IO[bytes]]:
        return {number: self._open(number) for number in numbers}

    def _open(self, number: int) -> IO[bytes]:
        for path in (self._path(number), self._incoming_path(number), self._path(number)):
            try:
                return path.open("rb", buffering=0)
            except FileNotFoundError:
                continue
        return self._path(number).open("rb", buffering=0)

    # --- gone ---------------------------------------------------------------------------------------------

    def _drop_soon(self, numbers: list[int]) -> None:
        task = asyncio.get_running_loop().create_task(self._drop(numbers))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drop(self, numbers: list[int]) -> None:
        await asyncio.to_thread(self._unlink, numbers)
        await self.store.forget_files(numbers)

    def _unlink(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            self._incoming_path(number).unlink(missing_ok=True)
            self._path(number).unlink(missing_ok=True)


class Opened:
    """Pieces of contents whose files are open."""

    def __init__(self, pieces: Pieces, data: dict[int, bytes | None], files: dict[int, IO[bytes]]) -> None:
        self._pieces = pieces
        self._data = data
        self._files = files

    @property
    def small(self) -> bytes | None:
        """All of it, if it is at hand."""
        if self._files:
            return None
        return b"".join((self._data[number] or b"")[at : at + length] for number, at, length in self._pieces)

    async def read(self) -> AsyncIterator[bytes]:
        """All of it, piece by piece."""
        try:
            for number, start, length in self._pieces:
                file = self._files.get(number)
                if file is None:
                    yield (self._data[number] or b"")[start : start + length]
                    continue
                async for piece in _read(file, start, length):
                    yield piece
        finally:
            self.close()

    def source(self) -> Iterator[bytes]:
        """The same in a thread."""
        for number, start, length in self._pieces:
            file = self._files.get(number)
            if file is None:
                yield (self._data[number] or b"")[start : start + length]
                continue
            done = 0
            while done < length:
                piece = os.pread(file.fileno(), min(PIECE, length - done), start + done)
                if not piece:
                    raise OSError("a content is shorter than its index says")
                done += len(piece)
                yield piece

    def close(self) -> None:
        """Let go of the files."""
        for file in self._files.values():
            file.close()


def cut(pieces: Pieces, start: int, length: int) -> Pieces:
    """The pieces of a range."""
    found: Pieces = []
    for number, at, size in pieces:
        if start >= size:
            start -= size
            continue
        took = min(size - start, length)
        if took <= 0:
            break
        found.append([number, at + start, took])
        start, length = 0, length - took
    return found


def pieces_of(content: str) -> Pieces:
    """As a row has them."""
    found: Pieces = json.loads(content)
    return found


def data_for(view: View, pieces: Pieces) -> dict[int, bytes | None]:
    """The bytes of pieces that lie in the store; None for those that are files."""
    return data_of(view.connection, list({number for number, _, _ in pieces}))


async def _read(file: IO[bytes], start: int, length: int) -> AsyncIterator[bytes]:
    done = 0
    while done < length:
        piece = await asyncio.to_thread(os.pread, file.fileno(), min(PIECE, length - done), start + done)
        if not piece:
            raise OSError("a content is shorter than its index says")
        done += len(piece)
        yield piece


def _inline(number: int, data: bytes, names: Sequence[str]) -> Kept:
    digests = Digests(names)
    digests.update(data)
    return _kept(number, digests, data)


def _kept(number: int, digests: Digests, data: bytes | None) -> Kept:
    return Kept(number, digests.size, digests.md5, digests.values(), data)


def _first(source: Source) -> bytes:
    """As much as says whether it is small."""
    parts, size = [], 0
    while size <= INLINE and (piece := source.read(PIECE)):
        parts.append(piece)
        size += len(piece)
    return b"".join(parts)


def _pieces(source: bytes | Source, start: bytes) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    yield start
    while piece := source.read(PIECE):
        yield piece


def _write_all(file: IO[bytes], data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
