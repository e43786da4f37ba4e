"""The sandbox's host name, not the host's."""

from __future__ import annotations

from ..contexts import SandboxContext
from ..kernel import set_hostname


def run(context: SandboxContext) -> None:
    """Needs the UTS namespace."""
    set_hostname(context.hostname)
