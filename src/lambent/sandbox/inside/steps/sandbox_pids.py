"""The next fork makes process 1 of a new PID namespace."""

from __future__ import annotations

from ..contexts import BlankContext
from ..kernel import CLONE_NEWPID, setns, unshare


def run(context: BlankContext) -> None:
    """A second unshare would be refused while the last one's namespace stands for the next child
    (pid_namespaces(7)), so the zygote returns to its own first."""
    setns(context.zygote.pid_view, CLONE_NEWPID)
    unshare(CLONE_NEWPID)
