"""An ordinary user gets a user namespace of its own, where it may do the rest. Root needs none."""

from __future__ import annotations

import os

from ..contexts import ZygoteContext
from ..kernel import CLONE_NEWUSER, unshare


def run(context: ZygoteContext) -> None:
    """The caller's ids are the sandbox's ids inside. One id each: more needs set-uid helpers (user_namespaces(7))."""
    if not context.unprivileged:
        return
    uid, gid = os.geteuid(), os.getegid()
    unshare(CLONE_NEWUSER)
    map_ids(context, uid, gid)


def map_ids(context: ZygoteContext, uid: int, gid: int) -> None:
    """`uid` and `gid` outside are the sandbox's ids in the new namespace."""
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{context.uid} {uid} 1")
    _write("/proc/self/gid_map", f"{context.gid} {gid} 1")


def _write(path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    except OSError as failed:
        failed.filename = path
        raise
    finally:
        os.close(fd)
