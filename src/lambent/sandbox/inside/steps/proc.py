"""A /proc that shows the sandbox's processes alone."""

from __future__ import annotations

from ..contexts import BlankContext
from ..kernel import MS_NODEV, MS_NOEXEC, MS_NOSUID, mount


def run(context: BlankContext) -> None:
    """Over the base root's; must come before anything that hides it."""
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
