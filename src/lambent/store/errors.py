"""What can go wrong with durable state.

StoreError
├── StoreFull        the disk (or the database) has no room
├── StoreLocked      another process holds the database
├── StoreInUse       the data folder belongs to a running server
├── StoreForeign     another user may change what the data folder keeps
├── StoreTaken       another server has the database, or had it meanwhile
├── StoreElsewhere   the data folder goes with another database
├── StoreUnreachable the database's server does not answer
├── StoreTooNew      made by a later version of Lambent
├── StoreTooOld      made by an earlier one, which this one can't read
├── StoreBroken      anything else: unreadable, gone, corrupt
├── RecordExists     insert of a key that is there
├── RecordChanged    replace of a record that is no longer current
└── BlobMissing      no such blob
"""

import errno
import sqlite3

from sqlalchemy import exc

from lambent.model.trouble import Trouble


class StoreError(Exception):
    """Durable state could not be read or written; nothing was changed."""


class StoreFull(StoreError, Trouble):
    """No space left for the data folder or the database."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the disk of the data folder is full: make room there and try again ({reason})")


class StoreLocked(StoreError):
    """The database is locked by another process."""


class StoreInUse(StoreError):
    """Another server runs on this data folder."""


class StoreForeign(StoreError):
    """Another user of the machine has a hand in the data folder."""


class StoreTaken(StoreError):
    """Another server has the database, or has had it since this one began."""


class StoreElsewhere(StoreError):
    """The state of this data folder is elsewhere."""


class StoreUnreachable(StoreError):
    """The database's server does not answer: whether the change was made is not known."""


class StoreTooNew(StoreError):
    """The state was written by a later version."""


class StoreTooOld(StoreError):
    """The state was written by an earlier version, and can't be read any more."""


class StoreBroken(StoreError):
    """The state can't be read or written."""


class RecordExists(StoreError):
    """There is a record of that key."""


class RecordChanged(StoreError):
    """The record is not, or no longer, what the caller saw."""


class BlobMissing(StoreError, Trouble):
    """There is no blob of that digest."""

    def __init__(self, digest: str) -> None:
        super().__init__(f"the package {digest} is gone from the data folder: deploy its function or layer again")


_DISK_FULL = "53100"
_NO_ROOM_TO_SHARE = "SQLITE_IOERR_SHMSIZE"
"""The file in which SQLite's connections meet can't be made: https://www.sqlite.org/rescode.html"""
_ENDED = ("57P01", "57P02", "57P03", "08006", "08003")
"""PostgreSQL's SQLSTATEs: https://www.postgresql.org/docs/current/errcodes-appendix.html"""
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def from_os(error: OSError) -> StoreError:
    """The store's error for a failing system call."""
    kind = StoreFull if error.errno in _FULL else StoreBroken
    return kind(f"{error.strerror or error}: {error.filename or 'data folder'}")


def from_database(error: exc.SQLAlchemyError | sqlite3.Error) -> StoreError:
    """The store's error for a failing statement."""
    said = getattr(error, "orig", None)
    text = " ".join(str(said or error).split())
    state = getattr(said, "sqlstate", "")
    if "disk is full" in text or state == _DISK_FULL or getattr(said, "sqlite_errorname", "") == _NO_ROOM_TO_SHARE:
        return StoreFull(text)
    if "locked" in text:
        return StoreLocked(text)
    if isinstance(error, exc.OperationalError) and (state is None or state in _ENDED):
        return StoreUnreachable(text)
    return StoreBroken(text)
