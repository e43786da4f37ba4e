"""An ordinary user gets a user namespace of its own, where it may do the rest. Root needs none."""

from __future__ import annotations

import os

from ..contexts import ZygoteContext
from ..kernel import CLONE_NEWUSER, setns, unshare


def run(context: ZygoteContext) -> None:
    """The caller's ids are the sandbox's ids inside. One id each: more needs set-uid helpers (user_namespaces(7)).

    Where the server connects sandboxes, it is the user namespace that their networks belong to.
    """
    if not context.unprivileged:
        return
    if context.user_view >= 0:
        setns(context.user_view, CLONE_NEWUSER)
        return
    outside = os.geteuid(), os.getegid()
    unshare(CLONE_NEWUSER)
    map_ids((context.uid, context.gid), outside)


def map_ids(inside: tuple[int, int], outside: tuple[int, int]) -> None:
    """User and group in the new namespace, and who they are outside of it. Raises OSError."""
    write_map("/proc/self/setgroups", "deny")
    write_map("/proc/self/uid_map", f"{inside[0]} {outside[0]} 1")
    write_map("/proc/self/gid_map", f"{inside[1]} {outside[1]} 1")


def write_map(path: str, text: str) -> None:
    """One file of user_namespaces(7). Raises OSError with its name."""
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    except OSError as failed:
        failed.filename = path
        raise
    finally:
        os.close(fd)
