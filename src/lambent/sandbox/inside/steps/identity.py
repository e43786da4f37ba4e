"""The process runs as the sandbox's user."""

from __future__ import annotations

import os

from ..contexts import ProcessContext
from ..kernel import PR_SET_DUMPABLE, prctl
from . import own_user


def run(context: ProcessContext) -> None:
    """In a user namespace the ids are the sandbox's already. At level process they stay the caller's: the code and
    the interpreter may be readable to that user alone.

    Dumpable again, or the process could not read its own /proc/self.
    """
    zygote = context.zygote
    if context.user_view >= 0:
        own_user.enter(context.user, context.user_view, zygote.unprivileged)
        os.close(context.user_view)
    elif not context.user and zygote.level == "namespace" and not zygote.unprivileged:
        os.setgroups([])
        os.setresgid(zygote.gid, zygote.gid, zygote.gid)
        os.setresuid(zygote.uid, zygote.uid, zygote.uid)
    prctl("prctl PR_SET_DUMPABLE", PR_SET_DUMPABLE, 1)
