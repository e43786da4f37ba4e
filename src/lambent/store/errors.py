"""What can go wrong with durable state.

StoreError
├── StoreFull        the disk (or the database) has no room
├── StoreLocked      another process holds the database
├── StoreInUse       the data folder belongs to a running server
├── StoreTooNew      made by a later version of Lambent
├── StoreBroken      anything else: unreadable, gone, corrupt
├── RecordExists     insert of a key that is there
├── RecordChanged    replace of a record that is no longer current
└── BlobMissing      no such blob
"""

import errno

from sqlalchemy import exc


class StoreError(Exception):
    """Durable state could not be read or written; nothing was changed."""


class StoreFull(StoreError):
    """No space left for the data folder or the database."""


class StoreLocked(StoreError):
    """The database is locked by another process."""


class StoreInUse(StoreError):
    """Another server runs on this data folder."""


class StoreTooNew(StoreError):
    """The state was written by a later version."""


class StoreBroken(StoreError):
    """The state can't be read or written."""


class RecordExists(StoreError):
    """There is a record of that key."""


class RecordChanged(StoreError):
    """The record is not, or no longer, what the caller saw."""


class BlobMissing(StoreError):
    """There is no blob of that digest."""


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def from_os(error: OSError) -> StoreError:
    """The store's error for a failing system call."""
    kind = StoreFull if error.errno in _FULL else StoreBroken
    return kind(f"{error.strerror or error}: {error.filename or 'data folder'}")


def from_database(error: exc.SQLAlchemyError) -> StoreError:
    """The store's error for a failing statement."""
    text = str(getattr(error, "orig", None) or error)
    if "disk is full" in text:
        return StoreFull(text)
    if "locked" in text:
        return StoreLocked(text)
    return StoreBroken(text)
