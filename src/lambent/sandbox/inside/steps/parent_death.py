"""The zygote dies with its guard."""

from __future__ import annotations

import signal

from ..contexts import ZygoteContext
from ..kernel import PR_SET_PDEATHSIG, prctl


def run(context: ZygoteContext) -> None:
    """The guard outlives this call: it waits for the zygote. If it does not, the control socket's end is noticed."""
    prctl("prctl PR_SET_PDEATHSIG", PR_SET_PDEATHSIG, signal.SIGKILL)
