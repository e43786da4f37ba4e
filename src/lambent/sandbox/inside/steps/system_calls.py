"""The seccomp filter: last, because steps before it need what it refuses."""

from __future__ import annotations

from .. import seccomp
from ..contexts import ProcessContext
from ..kernel import set_filter


def run(context: ProcessContext) -> None:
    """What is refused, and why, stands in `denied`; more where nobody counts memory that is in no process."""
    set_filter(seccomp.FILTER if context.charged else seccomp.UNCHARGED)
