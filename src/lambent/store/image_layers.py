"""Layers of container images: tar files that strangers made, laid over one another in a folder without trusting them.

Nothing is ever written outside the folder: names that lead out are refused, and links in the way are followed as if
the folder were the root of the file system, however absolute they are. Devices, pipes and set-uid bits are left out
and noted; owners are not kept: an image's files belong to who unpacks them and are read as others may read them.

Whiteouts: https://github.com/opencontainers/image-spec/blob/main/layer.md
"""

import os
import shutil
import stat
import tarfile
import zlib
from collections import Counter
from pathlib import Path
from typing import IO

from lambent.store.errors import StoreFull, from_os

LINKS_MAX = 40
"""Symbolic links on one path, as the kernel counts them (path_resolution(7))."""
WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
ZSTD = b"\x28\xb5\x2f\xfd"
_CHUNK = 1 << 20
_BROKEN = (tarfile.TarError, zlib.error, EOFError, ValueError, OverflowError)


class ImageError(Exception):
    """The image is refused or can't be had; the text says why."""


class ImageTooLarge(ImageError):
    """More bytes than allowed, when unpacked."""


class Root:
    """The file system of one image on its way to the disk."""

    def __init__(self, folder: Path, limit: int) -> None:
        """`folder` is new and empty; `limit` is in bytes of file content."""
        self.notes: Counter[str] = Counter()
        """What was left out, and how often."""
        self._folder = folder
        self._limit = limit
        self._bytes = 0
        self._modes: dict[Path, int] = {}
        self._fresh: set[Path] = set()
        """What the layer at hand has put there, with the folders above."""

    @property
    def size(self) -> int:
        """Bytes of file content written."""
        return self._bytes

    def apply(self, layer: IO[bytes]) -> None:
        """Lay one layer over what is there. Raises ImageError, StoreFull; what is there is then worthless."""
        self._fresh = set()
        try:
            with tarfile.open(fileobj=layer, mode="r|*") as archive:
                for entry in archive:
                    self._entry(archive, entry)
        except _BROKEN as error:
            raise ImageError(f"a layer can't be unpacked: {error}") from error
        except OSError as error:
            failure = from_os(error)
            if isinstance(failure, StoreFull):
                raise failure from error
            raise ImageError(f"a layer can't be unpacked: {error}") from error

    def finish(self) -> None:
        """Give folders their modes: only now, because nothing more is put into them."""
        for folder, mode in self._modes.items():
            if folder.is_dir() and not folder.is_symlink():
                folder.chmod(mode | stat.S_IRWXU)

    def _entry(self, archive: tarfile.TarFile, entry: tarfile.TarInfo) -> None:
        parts = _parts(entry.name)
        if not parts:
            return
        parent = self._parent(parts[:-1])
        name = parts[-1]
        if name == OPAQUE:
            self._empty(parent)
        elif name.startswith(WHITEOUT):
            self._white_out(parent, name.removeprefix(WHITEOUT))
        else:
            self._make(archive, entry, parent / name)

    def _make(self, archive: tarfile.TarFile, entry: tarfile.TarInfo, place: Path) -> None:
        if entry.isdir():
            if place.is_symlink() or not place.is_dir():
                _remove(place)
                place.mkdir(mode=0o755)
            self._modes[place] = entry.mode & 0o1777
        elif entry.isfile():
            _remove(place)
            self._write(archive, entry, place)
        elif entry.issym():
            _remove(place)
            place.symlink_to(entry.linkname)
        elif entry.islnk():
            self._link(entry, place)
        else:
            self.notes["devices and pipes left out"] += 1
            return
        while place not in self._fresh and place != self._folder:
            self._fresh.add(place)
            place = place.parent

    def _write(self, archive: tarfile.TarFile, entry: tarfile.TarInfo, place: Path) -> None:
        source = archive.extractfile(entry)
        assert source is not None
        with place.open("xb") as sink:
            while chunk := source.read(_CHUNK):
                self._bytes += len(chunk)
                if self._bytes > self._limit:
                    raise ImageTooLarge(f"the image unpacks to more than {self._limit} bytes")
                sink.write(chunk)
            if entry.mode & (stat.S_ISUID | stat.S_ISGID):
                self.notes["set-uid and set-gid bits dropped"] += 1
            os.fchmod(sink.fileno(), entry.mode & 0o777)

    def _link(self, entry: tarfile.TarInfo, place: Path) -> None:
        parts = _parts(entry.linkname)
        source = self._parent(parts[:-1]) / parts[-1] if parts else self._folder
        if source.is_symlink() or not source.is_file():
            raise ImageError(f"{entry.name!r} is a hard link to {entry.linkname!r}, which is no file of the image")
        if source != place:
            _remove(place)
            os.link(source, place, follow_symlinks=False)

    # --- whiteouts

    def _white_out(self, parent: Path, name: str) -> None:
        if name in ("", ".", ".."):
            raise ImageError(f"{WHITEOUT + name!r} hides nothing that can be named")
        self._hide(parent / name)

    def _empty(self, parent: Path) -> None:
        """Everything that earlier layers have put there goes; what this layer has put there stays."""
        for child in list(parent.iterdir()):
            self._hide(child)

    def _hide(self, place: Path) -> None:
        if place not in self._fresh:
            _remove(place)
        elif place.is_dir() and not place.is_symlink():
            self._empty(place)

    # --- paths

    def _parent(self, parts: list[str]) -> Path:
        """The folder of these names, made where there is none; links on the way lead to places in the root only."""
        place = resolve(self._folder, parts, LINKS_MAX)
        try:
            place.mkdir(mode=0o755, parents=True, exist_ok=True)
        except FileExistsError:
            raise ImageError(f"{'/'.join(parts)!r} is not a folder") from None
        return place


def resolve(root: Path, parts: list[str], links: int = LINKS_MAX) -> Path:
    """Where `parts` lead, links followed as if `root` were the root. What is not there is named, not made.

    Raises ImageError for links that go round in circles.
    """
    place = root
    waiting = list(reversed(parts))
    while waiting:
        part = waiting.pop()
        if part in ("", "."):
            continue
        if part == "..":
            place = place if place == root else place.parent
            continue
        step = place / part
        if not step.is_symlink():
            place = step
            continue
        links -= 1
        if links < 0:
            raise ImageError(f"too many symbolic links at {part!r}")
        target = os.readlink(step)  # noqa: PTH115 - Path.readlink would drop a trailing slash and "."
        if target.startswith("/"):
            place = root
        waiting.extend(reversed(target.split("/")))
    return place


def _parts(name: str) -> list[str]:
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts or "\0" in name:
        raise ImageError(f"{name!r} leads out of the image")
    return parts


def _remove(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
