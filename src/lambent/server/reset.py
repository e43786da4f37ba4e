"""Emptying a data folder: everything that a server keeps in it, and nothing that it doesn't know."""

import asyncio
from pathlib import Path

from lambent.server import root_keys
from lambent.settings import StartError
from lambent.store.emptying import empty
from lambent.store.errors import StoreError
from lambent.store.folders import remove
from lambent.store.lock import FolderLock
from lambent.store.place import Place

KEPT = (
    "state.db", "state.db-wal", "state.db-shm", "blobs", "layers", "images", "registry", "logs", "objects", "efs",
    "dial", "trial-dial", "token", root_keys.FILE, "sns.pem", "metrics.db", "metrics.db-wal", "metrics.db-shm",
    "traces.db", "traces.db-wal", "traces.db-shm", "tls", "neighbour.json", "neighbour", "dynamodb", "moto",
    "sandboxes", "reserve", "database", "lock",
)  # fmt: skip
"""What a data folder holds (ARCHITECTURE.md, "Data on disk"). The lock comes last: it is held meanwhile."""


def is_data_folder(folder: Path) -> bool:
    """Whether a server has kept something there."""
    return (folder / "state.db").is_file() or (folder / "lock").is_file()


def reset(folder: Path, database: str | None = None) -> None:
    """Remove what a server keeps in `folder` and in its `database` (an SQLAlchemy URL, None for none), and the folder
    when it is empty then.

    Raises StartError when a server runs on it, when the state is elsewhere, or something can't be removed.
    """
    try:
        lock = FolderLock(folder)
    except StoreError as error:
        raise StartError(f"{error}: stop it first") from error
    try:
        Place(folder).check(database)
        if database is not None:
            asyncio.run(empty(database))
        for name in KEPT:
            remove(folder / name)
        if not any(folder.iterdir()):
            folder.rmdir()
    except StoreError as error:
        raise StartError(f"{folder}: {error}") from error
    except OSError as error:
        raise StartError(f"{error.filename}: {error.strerror}") from error
    finally:
        lock.release()
