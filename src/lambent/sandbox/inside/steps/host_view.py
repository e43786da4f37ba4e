"""A mount namespace in which the zygote goes on seeing the host's files, and the sources of its binds."""

from __future__ import annotations

import os

from ..contexts import ZygoteContext
from ..kernel import ATTR_NODEV, ATTR_NOSUID, ATTR_RDONLY, CLONE_NEWNS, clone_tree, make_private, restrict_tree, unshare
from ..system import system_sources


def run(context: ZygoteContext) -> None:
    """Mounts are taken as detached trees here, because only here can their sources be named."""
    unshare(CLONE_NEWNS)
    make_private("/")
    context.host_view = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    context.pid_view = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    for source, inside in [*system_sources(), *context.binds]:
        context.trees.append((take(source), inside))
    context.trees.sort(key=lambda tree: tree[1].count("/"))


def take(source: str) -> int:
    """A detached copy of `source` of the host, read-only."""
    return restrict(clone_tree(source), source)


def restrict(fd: int, meant: str, *, writable: bool = False) -> int:
    """The detached tree `fd`, read-only unless `writable`; closed when that fails. `meant` is for the error alone."""
    try:
        restrict_tree(fd, ATTR_NOSUID | ATTR_NODEV | (0 if writable else ATTR_RDONLY), meant)
    except OSError:
        os.close(fd)
        raise
    return fd
