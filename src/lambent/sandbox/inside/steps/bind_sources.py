"""The sources of a sandbox's binds are taken from the host, where alone they can be named."""

from __future__ import annotations

from ..contexts import SandboxContext
from .host_view import take


def run(context: SandboxContext) -> None:
    """Detached trees pass from one mount namespace into another."""
    root = [(context.root, "/")] if context.root else []
    for source, inside in [*root, *context.binds]:
        context.trees.append((take(source, writable=inside in context.writable), inside))
