"""A second mount namespace, with an empty tmpfs that will be the root of every sandbox."""

from __future__ import annotations

from ..contexts import ZygoteContext
from ..kernel import CLONE_NEWNS, MS_NODEV, MS_NOSUID, mount, unshare
from ..system import STAGE


def run(context: ZygoteContext) -> None:
    """The tmpfs lies over /tmp of the host, in this namespace alone."""
    unshare(CLONE_NEWNS)
    mount("lambent", STAGE, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=16m,nr_inodes=16384")
