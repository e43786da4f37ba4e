"""The sources of a sandbox's binds are taken from the host, where alone they can be named.

The names come in a file of their own, which is mapped while they are used: what a zygote has in its memory, every
sandbox that it forks later can read.
"""

from __future__ import annotations

import mmap
import os

from ..contexts import SandboxContext
from ..kernel import clone_tree_named
from .host_view import restrict


def run(context: SandboxContext) -> None:
    """Detached trees pass from one mount namespace into another."""
    if context.sources < 0:
        return
    mapped = mmap.mmap(context.sources, 0, access=mmap.ACCESS_COPY)
    try:
        for inside in context.binds:
            context.trees.append((_take_next(mapped, inside, inside in context.writable), inside))
    finally:
        mapped.close()
        os.close(context.sources)
        context.sources = -1


def _take_next(mapped: mmap.mmap, inside: str, writable: bool) -> int:
    """A detached copy of what the next name names. They end with a zero each."""
    start = mapped.tell()
    tree = clone_tree_named(mapped, start, inside)
    mapped.seek(mapped.find(b"\0", start) + 1)
    return restrict(tree, inside, writable=writable)
