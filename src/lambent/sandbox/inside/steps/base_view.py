"""The zygote enters the base root, for the keeper to be forked in it."""

from __future__ import annotations

from ..contexts import BlankContext
from ..kernel import CLONE_NEWNS, setns


def run(context: BlankContext) -> None:
    """It goes back to the host's view after the fork."""
    setns(context.zygote.base_view, CLONE_NEWNS)
