"""Without a PID namespace, orphans of the sandbox come to the keeper because it asks for them."""

from __future__ import annotations

from ..contexts import SandboxContext
from ..kernel import PR_SET_CHILD_SUBREAPER, prctl


def run(context: SandboxContext) -> None:
    """prctl(2). So every process that a sandbox ever made stays below its keeper."""
    prctl("prctl PR_SET_CHILD_SUBREAPER", PR_SET_CHILD_SUBREAPER, 1)
