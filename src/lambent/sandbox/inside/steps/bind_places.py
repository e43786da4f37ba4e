"""Places for binds below /mnt, which the base root, being the same for all, does not have."""

# ruff: noqa: PTH110
# (paths are strings here: pathlib would be one more import in every fork)

from __future__ import annotations

import os
import stat

from ..contexts import SandboxContext
from ..kernel import ATTR_NODEV, ATTR_NOSUID, ATTR_RDONLY, MS_NODEV, MS_NOSUID, mount, restrict_mount
from .base_folders import make_place

PLACES = "/mnt"


def run(context: SandboxContext) -> None:
    """An image has them all (see `root`)."""
    missing = [
        (fd, inside) for fd, inside in context.trees if inside.startswith(PLACES + "/") and not os.path.exists(inside)
    ]
    if not missing:
        return
    mount("lambent", PLACES, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=64k,nr_inodes=64")
    for fd, inside in missing:
        make_place(inside, stat.S_ISDIR(os.fstat(fd).st_mode))
    restrict_mount(PLACES, ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV)
