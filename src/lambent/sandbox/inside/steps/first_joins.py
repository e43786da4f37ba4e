"""What waits to become the first process follows the keeper into the network and the control groups."""

from __future__ import annotations

from .. import wire
from ..contexts import SandboxContext


def run(context: SandboxContext) -> None:
    """It goes on by itself meanwhile: step `own_user` waits for it."""
    if context.first is None:
        return
    joined = [context.control.fileno(), *context.namespaces(), *context.groups]
    wire.send(context.first.sock, {"network": len(context.namespaces()), "user": context.user}, joined)
