"""The sandbox's own mounts, network, IPC objects and host name. Its PID namespace is there since the fork."""

from __future__ import annotations

from ..contexts import BlankContext
from ..kernel import CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUTS, unshare


def run(context: BlankContext) -> None:
    """The base root's mounts are copied; everything mounted from here on is seen in this sandbox alone.

    Where the server connects sandboxes, the network comes with the order (step `network`).
    """
    network = 0 if context.zygote.connected else CLONE_NEWNET
    unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | network)
