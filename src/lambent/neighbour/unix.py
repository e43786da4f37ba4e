"""Sockets with a place in the file system, however long its path is: an address holds 108 bytes (unix(7)).

A folder's descriptor stands for its path (proc(5), /proc/self/fd).
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def address(folder: int, name: str) -> str:
    """The address of the socket `name` in an open folder, for as long as that is open."""
    return f"/proc/self/fd/{folder}/{name}"


def listen(path: Path, mode: int, backlog: int = 512) -> socket.socket:
    """A listening socket at `path`, in place of one that an earlier run has left. Raises OSError."""
    path.unlink(missing_ok=True)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _opened(path.parent) as folder:
            sock.bind(address(folder, path.name))
        path.chmod(mode)
        sock.listen(backlog)
    except BaseException:
        sock.close()
        raise
    return sock


def connect(path: Path, seconds: float) -> socket.socket:
    """A socket connected to `path`, whose calls take at most `seconds`. Raises OSError."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(seconds)
        with _opened(path.parent) as folder:
            sock.connect(address(folder, path.name))
    except BaseException:
        sock.close()
        raise
    return sock


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    fd = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)
