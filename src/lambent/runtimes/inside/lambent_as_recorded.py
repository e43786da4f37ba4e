"""What the kernel can't be made to answer as on AWS, the standard library answers so. Imported in a zygote for that.

There is no /dev/shm on AWS, and semaphores are told to be missing; here a missing /dev/shm would be told to be just
that. 742 processes are the limit that is read there, while 1,024 are the documented one, which holds here:
RLIMIT_NPROC would count those of all environments together.
"""

from __future__ import annotations

import _multiprocessing  # type: ignore[import-not-found]
import errno
import os
import resource
from typing import Any

PROCESSES = 742

_getrlimit = resource.getrlimit


class SemLock(_multiprocessing.SemLock):  # type: ignore[misc]
    """What `multiprocessing` makes its locks and queues of."""

    def __new__(cls, *arguments: Any, **named: Any) -> SemLock:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


def getrlimit(which: int, /) -> tuple[int, int]:
    """As the system's; what a function has set itself is told as it is."""
    soft, hard = _getrlimit(which)
    if which == resource.RLIMIT_NPROC and not 0 <= soft < PROCESSES:
        return PROCESSES, PROCESSES
    return soft, hard


_multiprocessing.SemLock = SemLock
resource.getrlimit = getrlimit
