"""A deployment package: a folder zipped in memory, or a zip as it is.

The same files and modes give the same bytes, whatever their times, their order on disk or the user. Modes are
kept and links followed, as `zip -r` does; version control, caches and virtual environments stay out, and so do secrets,
which are named.
"""

import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
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
        ".serverless",
        ".aws-sam",
        ".idea",
        ".vscode",
        ".DS_Store",
    )
)
SECRETS = (
    ".env", ".env.*", ".envrc", ".aws", ".ssh", ".gnupg", ".kube", ".docker", ".netrc", ".pypirc", ".npmrc",
    ".git-credentials", ".boto", ".s3cfg", ".pgpass", ".my.cnf", ".htpasswd", "credentials.json", "*.tfstate",
    "*.tfstate.*", "*.tfvars", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.ppk",
)  # fmt: skip
"""What tools keep passwords and keys in."""
HARMLESS = (".env.example", ".env.sample", ".env.template", ".env.dist", ".npmrc.example")
KEYS = ("*.pem", "*.key", "id_*")
"""Private keys, if they say so: certificates are public, and packages carry them."""
PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY")

ZIPPED_BYTES = 50 << 20
UNZIPPED_BYTES = 250 << 20
"""Lambda's limits (developer guide, gettingstarted-limits); zipped is that of a direct upload."""

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold."""


@dataclass(frozen=True, slots=True)
class Package:
    """A zip (`content`), what is in it (name inside -> permission bits) and its unpacked size in bytes.

    `withheld`: files and folders (with a slash) that look like secrets and are not in it.
    """

    source: Path
    content: bytes
    modes: dict[str, int]
    unzipped: int
    withheld: tuple[str, ...] = ()

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


def load(source: Path, include: Sequence[str] = (), by_bucket: bool = False) -> Package:
    """The package of a folder or zip file. Raises CliError: missing, empty, unreadable, too big.

    What matches a pattern of `include`, by its name or by its path inside, is packed whatever it is. By way of a
    bucket a package may be as large as it is.
    """
    if source.is_dir():
        package = _from_folder(source, include)
    elif source.is_file():
        package = _from_zip(source)
    else:
        raise CliError(f"{source}: there is no such folder or zip file: name where the code is")
    if not package.modes:
        raise CliError(f"{source}: nothing to deploy in it: name the folder with the code")
    if len(package.content) > ZIPPED_BYTES and not by_bucket:
        raise CliError(
            f"{source}: {_mb(len(package.content))} zipped, {_mb(ZIPPED_BYTES)} is Lambda's limit. "
            "Leave files out, or deploy from S3 with boto3 or the AWS CLI"
        )
    return package


def _from_folder(folder: Path, include: Sequence[str]) -> Package:
    import io
    from zipfile import ZIP_DEFLATED, ZipFile

    walk = _Walk(include)
    files = _collect(folder, walk)
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for file in files:
            _add(archive, file)
    modes = {file.name: file.mode for file in files}
    return Package(folder, buffer.getvalue(), modes, sum(file.size for file in files), tuple(sorted(walk.withheld)))


def _collect(folder: Path, walk: "_Walk") -> list[Found]:
    """The folder's files by name. Stops as soon as they are too big."""
    files: list[Found] = []
    total = 0
    for file in walk.files(folder, "", (folder.resolve(),)):
        total += file.size
        _check_unzipped(folder, total)
        files.append(file)
    return sorted(files, key=lambda file: file.name)


class _Walk:
    """Finds the files of a folder that belong into a package; `withheld` are the secrets that it has left out."""

    def __init__(self, include: Sequence[str]) -> None:
        self._include = include
        self.withheld: list[str] = []

    def files(self, folder: Path, prefix: str, above: tuple[Path, ...], asked: bool = False) -> Iterator[Found]:
        """Files below `folder`; `above` are the real folders on the way, to see a link that leads back. `asked`: the
        folder itself was to be included."""
        try:
            children = list(folder.iterdir())
        except OSError as error:
            raise CliError(f"{folder}: {error.strerror}") from None
        for path in children:
            name = prefix + path.name
            included = asked or any(_like(path.name, name, pattern) for pattern in self._include)
            if path.name in LEFT_OUT and not included:
                continue
            about = _stat(path, name)
            is_folder = stat.S_ISDIR(about.st_mode)
            if not included and _secret(path, is_folder):
                self.withheld.append(f"{name}/" if is_folder else name)
            elif stat.S_ISREG(about.st_mode):
                yield Found(name, path, stat.S_IMODE(about.st_mode) & 0o777, about.st_size)
            elif is_folder:
                yield from self._enter(path, f"{name}/", above, included)
            else:
                raise CliError(f"{path}: not a file or folder: it can't be deployed")

    def _enter(self, path: Path, prefix: str, above: tuple[Path, ...], included: bool) -> Iterator[Found]:
        real = path.resolve()
        if real in above:
            raise CliError(f"{path}: this link leads back into itself")
        if included or not (path / "pyvenv.cfg").is_file():
            yield from self.files(path, prefix, (*above, real), included)


def _like(name: str, inside: str, pattern: str) -> bool:
    wanted = pattern.rstrip("/")
    return fnmatchcase(name, wanted) or fnmatchcase(inside, wanted)


def _secret(path: Path, is_folder: bool) -> bool:
    name = path.name.lower()
    if any(fnmatchcase(name, pattern) for pattern in SECRETS):
        return name not in HARMLESS
    if is_folder or not any(fnmatchcase(name, pattern) for pattern in KEYS):
        return False
    try:
        with path.open("rb") as file:
            return PRIVATE_KEY.search(file.read(64 << 10)) is not None
    except OSError as error:
        raise CliError(f"{path}: {error.strerror}") from None


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
        raise CliError(f"{path}: not a zip that can be read ({error}): name a zip, or the folder itself") from None
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
