"""A whole platform's state as one file: a tar archive of what a data folder keeps, compressed.

Loading takes names that a data folder has and nothing else, plain files and folders below the folder, and links of
packages (`state_archive`): whoever wrote the archive decides what functions are run, and nothing outside their
sandboxes. What it says of moto is read in moto's own sandbox (`lambent.neighbour.memory`).
"""

import gzip
import os
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from lambent.server import root_keys, state_archive
from lambent.server.reset import KEPT, is_data_folder, reset
from lambent.settings import StartError
from lambent.store.errors import StoreError
from lambent.store.folders import remove
from lambent.store.lock import FolderLock
from lambent.store.place import Place

ENDING = ".lambent"
PASSING = frozenset({"database", "lock", "moto", "reserve", "sandboxes", "token", "dial", "trial-dial", root_keys.FILE})
"""What belongs to one run of a server, or to its user."""
SAVED = tuple(name for name in KEPT if name not in PASSING)


def path_of(name: str) -> Path:
    """The file of a saved state: `NAME.lambent`, in the working folder unless NAME has one."""
    return Path(name if name.endswith(ENDING) else f"{name}{ENDING}")


def save(folder: Path, path: Path) -> int:
    """Write what `folder` keeps to `path`, whole or not at all; answers its bytes.

    Raises StartError when a server runs on the folder, its state is in another database, or a file can't be read or
    written.
    """
    if not is_data_folder(folder):
        raise StartError(f"{folder}: no data of Lambent's is there")
    with _alone(folder), _told(path):
        descriptor, name = tempfile.mkstemp(prefix=f"{path.name}-", dir=path.parent)  # for this user alone
        try:
            with os.fdopen(descriptor, "wb") as file:
                _pack(folder, file)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
        return path.stat().st_size


def _pack(folder: Path, file: IO[bytes]) -> None:
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as archive:
        for name in SAVED:
            if (folder / name).exists():
                archive.add(folder / name, name)


def load(folder: Path, path: Path) -> None:
    """In place of what `folder` keeps, what `path` has.

    Raises StartError when a server runs on the folder, or the file is no saved state; nothing has changed then.
    """
    with _told(path):
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
        try:
            _unpack(path, beside)
            if is_data_folder(folder):
                reset(folder)
            folder.mkdir(mode=0o700, exist_ok=True)
            for found in beside.iterdir():
                found.rename(folder / found.name)
        finally:
            remove(beside)


def _unpack(path: Path, beside: Path) -> None:
    """Raises StartError, OSError, TarError."""
    with gzip.open(path) as content:
        try:
            state_archive.unpack(cast(IO[bytes], content), beside, SAVED)
        except StartError as error:
            raise StartError(f"{path}: {error}") from None
    if not (beside / "state.db").is_file():
        raise StartError(f"{path}: no saved state of Lambent's")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        lock = FolderLock(folder)
    except StoreError as error:
        raise StartError(f"{error}: stop it first") from error
    try:
        Place(folder).check(None)
        yield
    except StoreError as error:
        raise StartError(f"{folder}: {error}") from error
    finally:
        lock.release()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise StartError(f"{error.filename or path}: there is no such file") from error
    except (OSError, EOFError, ValueError, OverflowError, zlib.error, tarfile.TarError) as error:
        what = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise StartError(f"{path}: {what}") from error
