"""A deployment package: a folder zipped in memory, or a zip as it is.

The same files and modes give the same bytes, whatever their times, their order on disk or the user. Modes are
kept and links followed, as `zip -r` does; version control, caches and virtual environments stay out.
"""

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lambent.cli.errors import CliError

if TYPE_CHECKING:
    from os import stat_result
    from zipfile import ZipFile, ZipInfo

LEFT_OUT = frozenset(
    (
        ".git",
        ".hg",
        ".svn",
        ".venv",
        "__pycache__",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".hypothesis",
        ".tox",
        ".nox",
        ".lambent",
        ".idea",
        ".vscode",
        ".DS_Store",
    )
)
ZIPPED_BYTES = 50 << 20
UNZIPPED_BYTES = 250 << 20
"""Lambda's limits (developer guide, gettingstarted-limits); zipped is that of a direct upload."""

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold."""


@dataclass(frozen=True, slots=True)
class Package:
    """A zip (`content`), what is in it (name inside -> permission bits) and its unpacked size in bytes."""

    source: Path
    content: bytes
    modes: dict[str, int]
    unzipped: int

    def read(self, name: str) -> bytes:
        """One file's bytes. Raises CliError if it can't be unpacked."""
        import io
        import zlib
        from zipfile import BadZipFile, ZipFile

        try:
            with ZipFile(io.BytesIO(self.content)) as archive:
                return archive.read(name)
        except (BadZipFile, RuntimeError, NotImplementedError, zlib.error) as error:
            raise CliError(f"{self.source}: {name} can't be unpacked: {error}") from None


@dataclass(frozen=True, slots=True)
class Found:
    """A file of the folder: its name inside the package, where it is, its mode and size."""

    name: str
    path: Path
    mode: int
    size: int


def load(source: Path) -> Package:
    """The package of a folder or zip file. Raises CliError: missing, empty, unreadable, too big."""
    if source.is_dir():
        package = _from_folder(source)
    elif source.is_file():
        package = _from_zip(source)
    else:
        raise CliError(f"{source}: there is no such folder or zip file")
    if not package.modes:
        raise CliError(f"{source}: nothing to deploy in it")
    if len(package.content) > ZIPPED_BYTES:
        raise CliError(
            f"{source}: {_mb(len(package.content))} zipped, {_mb(ZIPPED_BYTES)} is Lambda's limit. "
            "Leave files out, or deploy from S3 with boto3 or the AWS CLI"
        )
    return package


def _from_folder(folder: Path) -> Package:
    import io
    from zipfile import ZIP_DEFLATED, ZipFile

    files = _collect(folder)
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for file in files:
            _add(archive, file)
    modes = {file.name: file.mode for file in files}
    return Package(folder, buffer.getvalue(), modes, sum(file.size for file in files))


def _collect(folder: Path) -> list[Found]:
    """The folder's files by name. Stops as soon as they are too big."""
    files: list[Found] = []
    total = 0
    for file in _walk(folder, "", (folder.resolve(),)):
        total += file.size
        _check_unzipped(folder, total)
        files.append(file)
    return sorted(files, key=lambda file: file.name)


def _walk(folder: Path, prefix: str, above: tuple[Path, ...]) -> Iterator[Found]:
    """Files below `folder`; `above` are the real folders on the way, to see a link that leads back."""
    try:
        children = list(folder.iterdir())
    except OSError as error:
        raise CliError(f"{folder}: {error.strerror}") from None
    for path in children:
        if path.name in LEFT_OUT:
            continue
        name = prefix + path.name
        about = _stat(path, name)
        if stat.S_ISREG(about.st_mode):
            yield Found(name, path, stat.S_IMODE(about.st_mode) & 0o777, about.st_size)
        elif stat.S_ISDIR(about.st_mode):
            yield from _enter(path, f"{name}/", above)
        else:
            raise CliError(f"{path}: not a file or folder: it can't be deployed")


def _enter(path: Path, prefix: str, above: tuple[Path, ...]) -> Iterator[Found]:
    real = path.resolve()
    if real in above:
        raise CliError(f"{path}: this link leads back into itself")
    if not (path / "pyvenv.cfg").is_file():
        yield from _walk(path, prefix, (*above, real))


def _stat(path: Path, name: str) -> "stat_result":
    try:
        name.encode()
        return path.stat()
    except UnicodeEncodeError:
        raise CliError(f"{name!r}: this file name is not UTF-8") from None
    except OSError as error:
        broken = path.is_symlink() and isinstance(error, FileNotFoundError)
        raise CliError(f"{path}: {'this link leads nowhere' if broken else error.strerror}") from None


def _add(archive: "ZipFile", file: Found) -> None:
    from zipfile import ZIP_DEFLATED, ZipInfo

    info = ZipInfo(file.name, EPOCH)
    info.compress_type = ZIP_DEFLATED
    info.create_system = 3
    info.external_attr = (stat.S_IFREG | file.mode) << 16
    try:
        content = file.path.read_bytes()
    except OSError as error:
        raise CliError(f"{file.path}: {error.strerror}") from None
    archive.writestr(info, content)


def _from_zip(path: Path) -> Package:
    import io
    from zipfile import BadZipFile, ZipFile

    try:
        content = path.read_bytes()
        with ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except OSError as error:
        raise CliError(f"{path}: {error.strerror}") from None
    except (BadZipFile, NotImplementedError, ValueError) as error:
        raise CliError(f"{path}: not a zip that can be read: {error}") from None
    unzipped = sum(entry.file_size for entry in entries)
    _check_unzipped(path, unzipped)
    return Package(path, content, {entry.filename: _mode(entry) for entry in entries}, unzipped)


def _mode(entry: "ZipInfo") -> int:
    """Permission bits; zips from systems without them give 0o644."""
    return (entry.external_attr >> 16) & 0o777 or 0o644


def _check_unzipped(source: Path, size: int) -> None:
    if size > UNZIPPED_BYTES:
        raise CliError(f"{source}: more than {_mb(UNZIPPED_BYTES)} unzipped, Lambda's limit. Leave files out")


def _mb(size: int) -> str:
    return f"{size / (1 << 20):.0f} MB"
