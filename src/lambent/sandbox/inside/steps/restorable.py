"""What a function's code holds when the snapshot is taken must be something that many forks can hold.

Connections are replaced by closed ones: on AWS, too, a connection does not outlive the snapshot
(https://docs.aws.amazon.com/lambda/latest/dg/snapstart-best-practices.html, "Networking"). Files open for reading are
kept. Anything else, and any thread, would be shared by the forks or be missing in them.
"""

# ruff: noqa: PTH112, PTH115, PTH208, S108
# (paths are strings here: pathlib would be one more import in every fork)

from __future__ import annotations

import errno
import fcntl
import os
import socket

from ..contexts import ZygoteContext

TMP_BYTES = 64 << 20
"""More than this in /tmp is not copied into every environment."""


class Unfit(Exception):
    """The process can't be forked into environments; the text says why."""


def run(context: ZygoteContext) -> None:
    """Raises Unfit."""
    threads = len(os.listdir("/proc/self/task")) - 1
    if threads:
        raise Unfit(f"{threads} thread{'s' if threads > 1 else ''} running besides the main one")
    ours = {0, 1, 2, context.control.fileno(), context.pid_view, context.tmp, *context.stdio_numbers}
    for fd in (int(name) for name in os.listdir("/proc/self/fd")):
        if fd not in ours:
            _settle(context, fd)
    context.tmp_used = _tmp_bytes()
    if context.tmp_used > TMP_BYTES:
        raise Unfit(f"{context.tmp_used >> 20} MB in /tmp")


def _settle(context: ZygoteContext, fd: int) -> None:
    """Decide about one descriptor. Raises Unfit."""
    try:
        what = os.readlink(f"/proc/self/fd/{fd}")
    except FileNotFoundError:  # the one that listed the folder
        return
    if what.startswith("socket:"):
        if not _is_connection(fd):
            raise Unfit(f"an open socket that is no TCP connection (descriptor {fd})")
        _hang_up(fd)
        context.kept[fd] = -1
    elif not what.startswith("/"):
        raise Unfit(f"an open {what.partition(':')[0]} (descriptor {fd})")
    elif what.startswith("/tmp/"):
        raise Unfit(f"{what} is open")
    elif what.startswith("/dev/"):
        context.kept[fd] = -1
    elif fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY:
        raise Unfit(f"{what} is open for writing")
    else:
        context.kept[fd] = -1 if os.path.isdir(f"/proc/self/fd/{fd}") else os.lseek(fd, 0, os.SEEK_CUR)


def _is_connection(fd: int) -> bool:
    with socket.socket(fileno=os.dup(fd)) as sock:
        if sock.family not in (socket.AF_INET, socket.AF_INET6) or sock.type != socket.SOCK_STREAM:
            return False
        try:
            sock.getpeername()
        except OSError as failed:
            return failed.errno == errno.ENOTCONN and not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        return True


def _hang_up(fd: int) -> None:
    """Whoever uses the descriptor next finds that the other side has closed."""
    dead, other = socket.socketpair()
    os.dup2(dead.fileno(), fd)
    dead.close()
    other.close()


def _tmp_bytes() -> int:
    found = os.statvfs("/tmp")
    used = (found.f_blocks - found.f_bfree) * found.f_frsize
    return used or (1 if os.listdir("/tmp") else 0)
