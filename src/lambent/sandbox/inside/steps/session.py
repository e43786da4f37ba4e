"""A session of its own: no terminal, no process group shared with the keeper."""

from __future__ import annotations

import os

from ..contexts import ProcessContext
from ..kernel import set_name


def run(context: ProcessContext) -> None:
    """Also gives back what the keeper was spared from."""
    os.setsid()
    set_name("python")
    try:
        fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
    except OSError:  # not ours to change, so not changed before either
        return
    try:
        os.write(fd, b"0")
    except OSError:
        return
    finally:
        os.close(fd)
