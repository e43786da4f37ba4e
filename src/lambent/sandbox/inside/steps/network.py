"""The sandbox's network: the connected namespace that the server gave, or a new one with nothing but loopback."""

from __future__ import annotations

from ..contexts import SandboxContext
from ..kernel import CLONE_NEWNET, setns, unshare
from ..netlink import open_namespace
from . import loopback


def run(context: SandboxContext) -> None:
    """A namespace made before there was an order is left as it is: then the server connects none.

    What waits to become the first process has to follow, so a descriptor of the namespace is kept for it.
    """
    if not context.zygote.connected:
        return
    if context.network >= 0:
        setns(context.network, CLONE_NEWNET)
        return
    unshare(CLONE_NEWNET)
    loopback.set_up()
    context.network = open_namespace()
