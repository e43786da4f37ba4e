"""Without a PID namespace, orphans of the sandbox come to the keeper because it asks for them."""

from __future__ import annotations

from ..contexts import BlankContext
from ..kernel import PR_SET_CHILD_SUBREAPER, prctl


def run(context: BlankContext) -> None:
    """prctl(2). So every process that a sandbox ever made stays below its keeper."""
    prctl("prctl PR_SET_CHILD_SUBREAPER", PR_SET_CHILD_SUBREAPER, 1)
