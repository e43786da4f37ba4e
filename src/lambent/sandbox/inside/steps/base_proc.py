"""A /proc in the base root: the kernel lets an ordinary user mount one only where one is seen already."""

from __future__ import annotations

from ..contexts import ZygoteContext
from ..kernel import MS_NODEV, MS_NOEXEC, MS_NOSUID, mount
from ..system import STAGE


def run(context: ZygoteContext) -> None:
    """Each sandbox mounts its own over it."""
    mount("proc", STAGE + "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
