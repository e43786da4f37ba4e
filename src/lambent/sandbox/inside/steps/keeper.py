"""The keeper gives up what it no longer needs and what the sandbox's processes could use against it."""

from __future__ import annotations

import os

from ..contexts import SandboxContext
from ..kernel import PR_SET_DUMPABLE, prctl, set_capabilities, set_name

CAP_KILL, CAP_SETGID, CAP_SETUID = 5, 6, 7


def run(context: SandboxContext) -> None:
    """Root keeps what changes ids and kills; an ordinary user's keeper has the processes' own id and needs nothing.

    Not dumpable: no process of the same id can trace it or read its memory (ptrace(2)).
    """
    set_name("lambent-keeper")
    root = context.level == "namespace" and not context.zygote.unprivileged
    if root:
        _spare_from_oom()
    set_capabilities((CAP_KILL, CAP_SETGID, CAP_SETUID) if root else ())
    prctl("prctl PR_SET_DUMPABLE", PR_SET_DUMPABLE, 0)


def _spare_from_oom() -> None:
    """When memory runs out the process shall be killed, and its keeper be there to tell. Not every root may
    (CAP_SYS_RESOURCE); the kernel prefers the larger process anyway."""
    fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
    try:
        os.write(fd, b"-1000")
    except PermissionError:
        return
    finally:
        os.close(fd)
