"""The zygote becomes process 1 of a PID namespace: when it dies, the kernel kills every sandbox of it."""

from __future__ import annotations

from ..contexts import ZygoteContext
from ..kernel import CLONE_NEWPID, unshare


def run(context: ZygoteContext) -> None:
    """Takes effect at the guard's next fork, which makes the zygote (pid_namespaces(7))."""
    unshare(CLONE_NEWPID)
