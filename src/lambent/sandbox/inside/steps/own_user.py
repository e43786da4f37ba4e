"""Outside, the sandbox's processes have a user of their own: what the kernel counts by user, nobody else uses up.

A user namespace gives that user the sandbox's number inside, and shows root's files as root's. The waiting first
process makes it, once it is in the sandbox's network, which belongs to the server's user namespace.
"""

from __future__ import annotations

import errno
import os

from .. import wire
from ..contexts import SandboxContext
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


def run(context: SandboxContext) -> None:
    """In the keeper, while it may still write maps: whoever is forked later joins by the descriptor."""
    if not context.user or context.first is None:
        return
    said = wire.receive(context.first.sock)
    if said is None or "failed" in said.body:
        number, operation = said.body["failed"] if said is not None else (errno.ESRCH, "the first process")
        raise CallError(number, operation)
    place, zygote = f"/proc/{context.first.pid}", context.zygote
    write_map(place + "/uid_map", f"0 0 1\n{zygote.uid} {context.user} 1\n")
    write_map(place + "/gid_map", f"0 0 1\n{zygote.gid} {context.user} 1\n")
    context.user_view = os.open(place + "/ns/user", os.O_RDONLY | os.O_CLOEXEC)


def make(user: int) -> None:
    """Become `user`, in a new user namespace of its own, whose maps the keeper writes. What it counts is counted as the
    user's who makes it (user_namespaces(7)). With the capability, since not every host lets everybody make one."""
    os.setgroups([])
    os.setresgid(user, user, user)
    prctl("prctl PR_SET_KEEPCAPS", PR_SET_KEEPCAPS, 1)
    os.setresuid(user, user, user)
    set_capabilities((CAP_SYS_ADMIN,))
    unshare(CLONE_NEWUSER)
    drop_all()


def enter(user: int, namespace: int) -> None:
    """Become `user`, to whom the namespace belongs, and enter it."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    setns(namespace, CLONE_NEWUSER)
    drop_all()
