"""What could not be read, and why."""

from dataclasses import dataclass


class NotRead(Exception):
    """A file that can't be read; the message says why, as the end of "not read, because"."""


@dataclass(frozen=True, slots=True, order=True)
class Unread:
    """A file of the project that was not read. `path` is relative to the project."""

    path: str
    because: str
