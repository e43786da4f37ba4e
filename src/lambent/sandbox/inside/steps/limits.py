"""Resource limits of the process (getrlimit(2))."""

from __future__ import annotations

import resource

from ..contexts import ProcessContext

CORE = 10 << 30
"""As recorded from AWS. A core file could only be written to the sandbox's own /tmp."""
LOCKED_BYTES = 64 << 10


def run(context: ProcessContext) -> None:
    """Soft and hard alike: the process can't raise them. RLIMIT_NPROC only where no control group counts."""
    _limit(resource.RLIMIT_NOFILE, context.descriptors)
    _limit(resource.RLIMIT_CORE, CORE if context.zygote.level == "namespace" else 0)
    _limit(resource.RLIMIT_MEMLOCK, LOCKED_BYTES)
    if context.processes:
        _limit(resource.RLIMIT_NPROC, context.processes)


def _limit(which: int, value: int) -> None:
    hard = resource.prlimit(0, which)[1]  # in a zygote `getrlimit` may answer what is read on AWS
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(which, (value, value))
