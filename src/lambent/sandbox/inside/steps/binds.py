"""The sandbox's own binds: detached trees that the zygote took from the host."""

from __future__ import annotations

import os

from ..contexts import SandboxContext
from ..kernel import attach_tree


def run(context: SandboxContext) -> None:
    """Read-only where they shall be, nosuid and nodev already."""
    while context.trees:
        tree, inside = context.trees.pop(0)
        try:
            attach_tree(tree, inside, follow=True)
        finally:
            os.close(tree)
