"""The base root becomes the root, the host is gone from it, and nothing in it can be written any more."""

# ruff: noqa: PTH102, PTH106
# (paths are strings here: pathlib would be one more import in every fork)

from __future__ import annotations

import os

from ..contexts import ZygoteContext
from ..kernel import ATTR_NODEV, ATTR_NOSUID, ATTR_RDONLY, CLONE_NEWNS, detach, pivot_root, restrict_mount, setns
from ..system import STAGE

OLD = "/.host"


def run(context: ZygoteContext) -> None:
    """Afterwards the zygote goes back to where it sees the host."""
    os.mkdir(STAGE + OLD)
    pivot_root(STAGE, STAGE + OLD)
    os.chdir("/")
    base = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    context.base_view = base
    detach(OLD)
    os.rmdir(OLD)
    restrict_mount("/", ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV)
    setns(context.host_view, CLONE_NEWNS)
