"""A zygote that is going to run a function's own code becomes the sandboxes' user, in namespaces of its own."""

from __future__ import annotations

import os

from ..contexts import ZygoteContext
from ..kernel import (
    CLONE_NEWIPC,
    CLONE_NEWNET,
    CLONE_NEWNS,
    CLONE_NEWPID,
    CLONE_NEWUSER,
    CLONE_NEWUTS,
    PR_SET_DUMPABLE,
    prctl,
    setns,
    unshare,
)
from .user_namespace import map_ids


def run(context: ZygoteContext) -> None:
    """The base root was put together with the server's rights; from here on the host is out of sight and out of reach.

    What is mounted already can't be changed from the new user namespace (mount_namespaces(7), "locked" mounts). In it
    the zygote has the capabilities that making sandboxes takes, and no others. The PID namespace begins with the next
    fork, so that it is this user namespace's own.
    """
    setns(context.base_view, CLONE_NEWNS)
    os.chdir("/")
    for fd in (context.base_view, context.host_view, context.pid_view):
        os.close(fd)
    context.base_view = context.host_view = context.pid_view = -1
    if not context.unprivileged:
        os.setgroups([])
        uid, gid = context.user or context.uid, context.user or context.gid
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
        prctl("prctl PR_SET_DUMPABLE", PR_SET_DUMPABLE, 1)  # or its own /proc/self/uid_map would be root's
    outside = os.geteuid(), os.getegid()
    unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWPID)
    map_ids((context.uid, context.gid), outside)
    context.unprivileged = True
