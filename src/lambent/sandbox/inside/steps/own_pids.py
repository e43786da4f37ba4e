"""A confined zygote notes its own PID namespace, to return to it between forks (see `sandbox_pids`)."""

from __future__ import annotations

import os

from ..contexts import ZygoteContext


def run(context: ZygoteContext) -> None:
    """It is process 1 there, and the namespace belongs to its user namespace."""
    context.pid_view = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
