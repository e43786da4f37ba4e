"""The host's system folders, the interpreter and the zygote's binds come to their places, read-only."""

from __future__ import annotations

import os

from ..contexts import ZygoteContext
from ..kernel import attach_tree
from ..system import STAGE


def run(context: ZygoteContext) -> None:
    """Outer folders first, so that inner ones lie on top."""
    while context.trees:
        tree, inside = context.trees.pop(0)
        try:
            attach_tree(tree, STAGE + inside)
        finally:
            os.close(tree)
