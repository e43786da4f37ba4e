"""Outside, the sandbox's processes have a user of their own: what the kernel counts by user, nobody else uses up.

A user namespace gives that user the sandbox's number inside, and shows root's files as root's. The waiting first
process makes it, once it is in the sandbox's network, which belongs to the server's user namespace.

An ordinary server's sandboxes stay its own user's, in a user namespace each: processes, pending signals and message
queues are counted there, against the limits of the process. What has its limits in sysctls (inotify) the kernel counts
once more to whoever made the outermost namespace, ranges of /etc/subuid or not, so each namespace gets a share alone.
Sources: user_namespaces(7), namespaces(7) ("The /proc/sys/user directory"), kernel/ucount.c of Linux.
"""

from __future__ import annotations

import errno
import os

from .. import wire
from ..contexts import SandboxContext, Spare
from ..kernel import (
    CLONE_NEWUSER,
    PR_SET_KEEPCAPS,
    CallError,
    prctl,
    set_capabilities,
    setns,
    unshare,
)
from .bounding_set import drop_all
from .user_namespace import write_map

CAP_SYS_ADMIN = 21
SHARE = 4
"""One environment of an ordinary user's server may have one in so many of what all of them have together."""
SHARED = (("inotify/max_user_instances", "max_inotify_instances"), ("inotify/max_user_watches", "max_inotify_watches"))
"""Below /proc/sys/fs, what a user may have; below /proc/sys/user, what those in a user namespace may."""


def run(context: SandboxContext) -> None:
    """In the keeper, while it may still write maps: whoever is forked later joins by the descriptor."""
    if not context.user or context.first is None:
        return
    _wait_for(context.first)
    place, zygote = f"/proc/{context.first.pid}", context.zygote
    for name, number in (("uid_map", zygote.uid), ("gid_map", zygote.gid)):
        own = f"{number} {number} 1\n" if zygote.unprivileged else f"0 0 1\n{number} {context.user} 1\n"
        write_map(f"{place}/{name}", own)
    context.user_view = os.open(place + "/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    if zygote.unprivileged:
        wire.send(context.first.sock, {})
        _wait_for(context.first)


def _wait_for(first: Spare) -> None:
    """Until the first process has done its part. Raises CallError when it could not."""
    said = wire.receive(first.sock)
    if said is None or "failed" in said.body:
        number, operation = said.body["failed"] if said is not None else (errno.ESRCH, "the first process")
        raise CallError(number, operation)


def make(user: int, unprivileged: bool) -> None:
    """Become `user`, in a new user namespace of its own, whose maps the keeper writes. What it counts is counted as the
    user's who makes it (user_namespaces(7)). With the capability, since not every host lets everybody make one.
    An unprivileged one is `user` already."""
    if unprivileged:
        unshare(CLONE_NEWUSER)
        drop_all()
        return
    os.setgroups([])
    os.setresgid(user, user, user)
    prctl("prctl PR_SET_KEEPCAPS", PR_SET_KEEPCAPS, 1)
    os.setresuid(user, user, user)
    set_capabilities((CAP_SYS_ADMIN,))
    unshare(CLONE_NEWUSER)
    drop_all()


def take_share() -> None:
    """Of what is counted for all namespaces together. By who is in the new one, which these files are about."""
    for whole, own in SHARED:
        if not os.access(f"/proc/sys/user/{own}", os.F_OK):
            continue
        read, written = os.open(f"/proc/sys/fs/{whole}", os.O_RDONLY), os.open(f"/proc/sys/user/{own}", os.O_WRONLY)
        os.write(written, b"%d" % max(1, int(os.read(read, 32)) // SHARE))
        os.close(read)
        os.close(written)


def enter(user: int, namespace: int, unprivileged: bool) -> None:
    """Become `user`, to whom the namespace belongs, and enter it."""
    if not unprivileged:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    setns(namespace, CLONE_NEWUSER)
    drop_all()
