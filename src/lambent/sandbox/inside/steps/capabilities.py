"""No capability is left. no_new_privs and the empty bounding set are inherited from the zygote."""

from __future__ import annotations

from ..contexts import ProcessContext
from ..kernel import set_capabilities


def run(context: ProcessContext) -> None:
    """capset(2) with nothing."""
    set_capabilities(())
