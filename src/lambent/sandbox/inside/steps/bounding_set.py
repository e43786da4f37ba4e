"""Neither the zygote nor anything below it can gain a capability by executing a file."""

from __future__ import annotations

import errno

from ..contexts import ZygoteContext
from ..kernel import PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, CallError, prctl

HIGHEST = 64


def run(context: ZygoteContext) -> None:
    """Once for all: both are inherited. Capabilities held already are not touched."""
    prctl("prctl PR_SET_NO_NEW_PRIVS", PR_SET_NO_NEW_PRIVS, 1)
    try:
        drop_all()
    except CallError as failed:
        if failed.errno != errno.EPERM or context.level != "process":
            raise  # an ordinary user has none to drop there, and no_new_privs keeps it so


def drop_all() -> None:
    """Empty it. Raises CallError."""
    for capability in range(HIGHEST):
        try:
            prctl("prctl PR_CAPBSET_DROP", PR_CAPBSET_DROP, capability)
        except CallError as failed:
            if failed.errno == errno.EINVAL:  # past the kernel's last one
                return
            raise
