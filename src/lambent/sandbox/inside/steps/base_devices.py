"""The few devices that every program expects."""

from __future__ import annotations

import os

from ..contexts import ZygoteContext
from ..kernel import ATTR_NOEXEC, ATTR_NOSUID, ATTR_RDONLY, attach_tree, clone_tree, restrict_tree
from ..system import DEVICES, STAGE
from .base_folders import make_place


def run(context: ZygoteContext) -> None:
    """Bound from the host: an ordinary user may not make device files, even in a namespace (user_namespaces(7))."""
    for name in DEVICES:
        make_place(STAGE + name, folder=False)
        tree = clone_tree(name)
        try:
            restrict_tree(tree, ATTR_RDONLY | ATTR_NOSUID | ATTR_NOEXEC, name)
            attach_tree(tree, STAGE + name)
        finally:
            os.close(tree)
