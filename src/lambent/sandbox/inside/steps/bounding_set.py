"""Neither the zygote nor anything below it can gain a capability by executing a file."""

from __future__ import annotations

import errno

from ..contexts import ZygoteContext
from ..kernel import PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, CallError, prctl

HIGHEST = 64


def run(context: ZygoteContext) -> None:
    """Once for all: both are inherited. Capabilities held already are not touched."""
    prctl("prctl PR_SET_NO_NEW_PRIVS", PR_SET_NO_NEW_PRIVS, 1)
    for capability in range(HIGHEST):
        try:
            prctl("prctl PR_CAPBSET_DROP", PR_CAPBSET_DROP, capability)
        except CallError as failed:
            if failed.errno == errno.EINVAL:  # past the kernel's last one
                return
            if failed.errno == errno.EPERM and context.level == "process":
                return  # an ordinary user has none to drop, and no_new_privs keeps it so
            raise
