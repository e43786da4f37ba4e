"""Deployment packages: a zip file that a stranger made, unpacked without trusting a word of it.

What a header says about size is ignored: bytes are counted as they inflate. Names that lead out of the
package are refused, symbolic links are made last (nothing is ever written through one): relative ones must stay
inside, absolute ones are texts that lead somewhere in the environment and are never followed here. Devices are left
out, set-uid bits dropped. File modes are kept, as AWS keeps them.

    PackageError
    ├── NotAZip       malformed, encrypted, or dangerous: AWS says that it could not unzip it
    ├── EmptyZip      no file in it
    └── TooLarge      more than `limit` bytes when inflated
"""

import io
import lzma
import os
import re
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lambent.store.errors import StoreFull, from_os

ENTRIES_MAX = 200_000
"""Lambent's own bound on files in a package, so that a directory of a million empty names costs nothing."""

_CENTRAL_ENTRY = b"PK\x01\x02"
_UNIX = 3
_LINK_MAX = 4_096
_CHUNK = 1 << 20
_STEPS = 10_000
"""More than the longest way that the kernel goes (40 links, path_resolution(7))."""
_DRIVE = re.compile(r"^[A-Za-z]:")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    NotImplementedError,
    EOFError,
    ValueError,
    RuntimeError,
    OverflowError,
)


class PackageError(Exception):
    """The package is refused; the text says why, for logs."""


class NotAZip(PackageError):
    """Not a zip file that can be unpacked safely."""


class EmptyZip(PackageError):
    """A zip file without files."""


class TooLarge(PackageError):
    """More bytes than allowed, when inflated."""


@dataclass(frozen=True, slots=True)
class _Entry:
    path: PurePosixPath
    info: zipfile.ZipInfo
    kind: int
    mode: int


def unpack(data: bytes, into: Path, limit: int) -> int:
    """Unpack a zip file into the new folder `into`; returns the bytes written.

    Raises PackageError, StoreError. After an error `into` may hold a part: it is the caller's to remove.
    """
    if not data:
        raise EmptyZip("no bytes")
    if data.count(_CENTRAL_ENTRY) > ENTRIES_MAX:
        raise NotAZip(f"more than {ENTRIES_MAX} files")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _Unpacking(archive, into, limit).run(_entries(archive))
    except _BROKEN as error:
        raise NotAZip(str(error)) from error
    except OSError as error:
        failure = from_os(error)
        if isinstance(failure, StoreFull):
            raise failure from error
        raise NotAZip(str(error)) from error  # a name too long, a file where a folder must be


def _entries(archive: zipfile.ZipFile) -> list[_Entry]:
    """What to make, a later entry of the same name in the place of an earlier one, as unzip does."""
    plan: dict[PurePosixPath, _Entry] = {}
    for info in archive.infolist():
        entry = _entry(info)
        if entry is not None:
            plan[entry.path] = entry
    if not any(entry.kind != stat.S_IFDIR for entry in plan.values()):
        raise EmptyZip("no files")
    return list(plan.values())


def _entry(info: zipfile.ZipInfo) -> _Entry | None:
    if info.flag_bits & 0x1:
        raise NotAZip(f"{info.filename!r} is encrypted")
    path = _safe_path(info.orig_filename)
    if path is None:
        return None
    attributes = info.external_attr >> 16 if info.create_system == _UNIX else 0
    kind = stat.S_IFMT(attributes) or (stat.S_IFDIR if info.is_dir() else stat.S_IFREG)
    if info.is_dir():
        kind = stat.S_IFDIR
    if kind not in (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK):
        return None
    default = 0o755 if kind == stat.S_IFDIR else 0o644
    return _Entry(path, info, kind, stat.S_IMODE(attributes) & 0o777 or default)


def _safe_path(name: str) -> PurePosixPath | None:
    """The name below the package's root, None for the root itself. Raises NotAZip for one that leads out."""
    plain = name.replace("\\", "/")
    if "\0" in name or plain.startswith("/") or _DRIVE.match(name) or ".." in plain.split("/"):
        raise NotAZip(f"{name!r} leads out of the package")
    path = PurePosixPath(name)
    return path if path.parts else None


class _Unpacking:
    """One package on its way to the disk."""

    def __init__(self, archive: zipfile.ZipFile, into: Path, limit: int) -> None:
        self._archive = archive
        self._into = into
        self._limit = limit
        self._bytes = 0
        self._made: set[PurePosixPath] = set()

    def run(self, entries: list[_Entry]) -> int:
        folders = [entry for entry in entries if entry.kind == stat.S_IFDIR]
        links = [entry for entry in entries if entry.kind == stat.S_IFLNK]
        for entry in folders:
            self._folder(entry.path)
        for entry in entries:
            if entry.kind == stat.S_IFREG:
                self._write(entry)
        for entry in links:
            self._link(entry)
        self._check_links(links)
        for entry in folders:
            (self._into / entry.path).chmod(entry.mode | stat.S_IRWXU)
        return self._bytes

    def _folder(self, path: PurePosixPath) -> None:
        """Make a folder and those above it. One that exists but was not made here is refused."""
        for folder in reversed((path, *path.parents)):
            if folder not in self._made:
                (self._into / folder).mkdir()
                (self._into / folder).chmod(0o755)  # whatever the umask
                self._made.add(folder)

    def _write(self, entry: _Entry) -> None:
        self._folder(entry.path.parent)
        with self._archive.open(entry.info) as source, (self._into / entry.path).open("xb") as sink:
            while chunk := source.read(_CHUNK):
                self._bytes += len(chunk)
                if self._bytes > self._limit:
                    raise TooLarge(f"more than {self._limit} bytes")
                sink.write(chunk)
            os.fchmod(sink.fileno(), entry.mode)

    def _link(self, entry: _Entry) -> None:
        with self._archive.open(entry.info) as source:
            target = source.read(_LINK_MAX + 1)
        if not target or len(target) > _LINK_MAX or b"\0" in target:
            raise NotAZip(f"{str(entry.path)!r} is a link that leads out of the package")
        self._folder(entry.path.parent)
        (self._into / entry.path).symlink_to(os.fsdecode(target))

    def _check_links(self, links: list[_Entry]) -> None:
        """See where each link ends, now that all of them are there."""
        for entry in links:
            if _leads_out(self._into, entry.path):
                raise NotAZip(f"{str(entry.path)!r} is a link that leads out of the package")


def _leads_out(root: Path, path: PurePosixPath) -> bool:
    """Whether a path of the package ends outside of it; one that goes through an absolute link ends in the
    environment, wherever that is, and one that goes round in circles nowhere."""
    at: list[str] = []
    waiting = list(reversed(path.parts))
    for _ in range(_STEPS):
        if not waiting:
            return False
        part = waiting.pop()
        if part == ".." and not at:
            return True
        if part == "..":
            at.pop()
            continue
        step = root.joinpath(*at, part)
        if not step.is_symlink():
            at.append(part)
            continue
        target = step.readlink()
        if target.is_absolute():
            return False
        waiting.extend(reversed(target.parts))
    return False
