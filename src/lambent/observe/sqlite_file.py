"""A file of SQLite's: what was committed survives a crash of the machine."""

import sqlite3
from pathlib import Path


def opened(path: Path) -> sqlite3.Connection:
    """The file, made if it is not there; for one thread at a time. Raises sqlite3.Error, OSError."""
    made = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    made.execute("PRAGMA journal_mode = WAL")
    made.execute("PRAGMA synchronous = FULL")
    return made


class Transaction:
    """All that is written within, or nothing of it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._db.execute("COMMIT" if kind is None else "ROLLBACK")
