"""A private /tmp of the asked size."""

from __future__ import annotations

import os

from ..contexts import SandboxContext, ZygoteContext
from ..kernel import MS_NODEV, MS_NOSUID, mount


def run(context: SandboxContext | ZygoteContext) -> None:
    """Its pages are charged to the sandbox's control group; the server takes them off again (`sandbox.watch`)."""
    mount("tmp", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, f"mode=1777,size={context.tmp_bytes}")  # noqa: S108
    context.tmp = os.open("/tmp", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)  # noqa: S108
