"""What clients may make this server hold: connections, and requests that are not whole yet.

Whoever begins requests and does not end them takes a bounded share, and that for a bounded time: those who come
through other sockets have shares of their own.
"""

import logging
import resource
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

log = logging.getLogger(__name__)

MB = 1 << 20
RATE = 500
"""Bytes a second that a request needs beyond its grace. Both as Apache's mod_reqtimeout has them
(https://httpd.apache.org/docs/2.4/mod/mod_reqtimeout.html)."""
PART_BYTES = 64
"""What a part of a body costs beyond its bytes."""
ENVIRONMENT_CONNECTIONS = 256
"""Of one environment at a time. A function has 1,024 descriptors (Lambda quotas)."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much and how long, of requests that are not whole yet. `unfinished` are bytes of bodies in memory that come
    through the endpoint, and as many of all that come from environments, of which each has `environment`. A half
    request may be silent for `grace` seconds, and may take so long whatever its size; every `sweep` seconds that is
    looked at. A body is a file from `spooled_from` bytes on, which are more than any payload of an invocation, and is
    written down `spooled_at_once`. One over HTTP/2 is none, and has `http2` bytes: more than any request of the
    services that are spoken to so (Kinesis: 10 MB)."""

    unfinished: int = 512 * MB
    environment: int = 64 * MB
    grace: float = 20.0
    sweep: float = 2.0
    spooled_from: int = 8 * MB
    spooled_at_once: int = 2 * MB
    http2: int = 32 * MB

    def gathered(self, spooled: bool) -> int:
        """How much of a body may be in memory, of one that is `spooled` or not yet."""
        return self.spooled_at_once if spooled else self.spooled_from


BOUNDS = Bounds()


class Share:
    """So much of something; a part of what `of` has, if that is given."""

    __slots__ = ("_left", "_of")

    def __init__(self, limit: int, of: "Share | None" = None) -> None:
        self._left = limit
        self._of = of

    def take(self, count: int) -> bool:
        """Whether there was so much left; then it is taken."""
        if count > self._left or (self._of is not None and not self._of.take(count)):
            return False
        self._left -= count
        return True

    def give(self, count: int) -> None:
        """Give back what was taken."""
        self._left += count
        if self._of is not None:
            self._of.give(count)


class Untold:
    """How much has come of a request since its parser last told of anything: `bytes`.

    It tells of a header when that is whole, and copies what it has of it for every piece that comes.
    """

    __slots__ = ("_told", "bytes")

    def __init__(self) -> None:
        self.bytes = self._told = 0

    def count(self, size: int, told: int) -> int:
        """`size` bytes more have come, of which the parser has now told of `told` in all."""
        self.bytes = self.bytes + size if told == self._told else 0
        self._told = told
        return self.bytes


class Receiving(Protocol):
    """A connection, as a door sees it."""

    @property
    def is_idle(self) -> bool: ...

    def abort(self) -> None: ...

    def expire(self, now: float) -> None: ...


@dataclass(slots=True, eq=False)
class Door:
    """One listening socket: who is connected, whose request is not whole yet, and what all of them may hold. `inside`
    is the access key of the environment that it is for."""

    name: str
    connections: Share
    unfinished: Share
    spool: Path | None = None
    inside: str = ""
    bounds: Bounds = BOUNDS
    open: dict[Receiving, None] = field(default_factory=dict)
    half: set[Receiving] = field(default_factory=set)
    told: bool = False

    def admit(self, connection: Receiving) -> bool:
        """Whether one more connection is welcome: when there are too many, in the place of the oldest one that waits
        for a request. The first one that is not leaves a line in the log."""
        if not self.connections.take(1) and not self._make_room():
            if not self.told:
                self.told = True
                log.warning("%s: too many connections (%d are open); more are refused", self.name, len(self.open))
            return False
        self.open[connection] = None
        return True

    def _make_room(self) -> bool:
        idle = next((one for one in self.open if one.is_idle), None)
        if idle is None:
            return False
        self.leave(idle)
        idle.abort()
        return self.connections.take(1)

    def is_overdue(self, began: float, heard: float, received: int, now: float) -> bool:
        """Whether a half request is given up, that began and was last heard of then (seconds)."""
        return is_overdue(began, heard, received, now, self.bounds.grace)

    def leave(self, connection: Receiving) -> None:
        """The connection is gone."""
        self.half.discard(connection)
        if connection in self.open:
            del self.open[connection]
            self.connections.give(1)

    def drop(self) -> None:
        """Cut all connections."""
        for connection in tuple(self.open):
            connection.abort()


class Intake:
    """Makes doors, and knows what they have in common."""

    def __init__(self, descriptors: int | None = None, spool: Path | None = None, bounds: Bounds = BOUNDS) -> None:
        """A quarter of this process's `descriptors` is for clients, a quarter for environments: what is left is for
        sandboxes and files. Large bodies are files in `spool`."""
        quarter = (resource.getrlimit(resource.RLIMIT_NOFILE)[0] if descriptors is None else descriptors) // 4
        self.bounds = bounds
        self._spool = spool
        self._outside = Share(quarter), Share(bounds.unfinished)
        self._inside = Share(quarter), Share(bounds.unfinished)
        self._each = min(ENVIRONMENT_CONNECTIONS, max(quarter // 4, 1))

    def outside(self) -> Door:
        """The endpoint."""
        return Door("the endpoint", *self._outside, self._spool, bounds=self.bounds)

    def inside(self, key: str) -> Door:
        """The endpoint as it is seen in the environment with that access key."""
        connections, unfinished = self._inside
        shares = Share(self._each, connections), Share(self.bounds.environment, unfinished)
        return Door(f"environment {key}", *shares, self._spool, key, self.bounds)


def is_overdue(began: float, heard: float, received: int, now: float, grace: float = BOUNDS.grace) -> bool:
    """The same with any grace."""
    return now - heard > grace or now - began > grace + received / RATE


def spool(file: IO[bytes] | None, folder: Path | None, parts: list[bytes]) -> IO[bytes]:
    """Write more of a body to its file, which has no name and goes with the last who holds it. Raises OSError."""
    file = file or tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
    try:
        file.writelines(parts)
        file.flush()
    except OSError:
        file.close()
        raise
    return file


def close(*files: IO[bytes] | None) -> None:
    """Bodies that nobody reads any more."""
    for file in files:
        if file is not None:
            file.close()
