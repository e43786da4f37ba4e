"""The guard: starts the zygote, waits for it, and cleans up when the server is gone, however it went.

It is needed because a frozen process can't die: after the server's end somebody must thaw what it had frozen, and
remove the control groups, which outlive their processes.
"""

from __future__ import annotations

import os
import select
import signal
from typing import NoReturn

from . import sweep
from .kernel import pidfd_open, set_name

SWEEP_SECONDS = 10.0


def watch(pid: int, lifeline: int, groups: dict[str, list[str]]) -> NoReturn:
    """Wait for the zygote `pid` or for the server, whichever ends first; then see that all of it ends.

    The server holds the other end of the pipe `lifeline`.
    """
    set_name("lambent-guard")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    zygote = pidfd_open(pid)
    waiting = select.poll()
    waiting.register(zygote, select.POLLIN)
    waiting.register(lifeline, select.POLLHUP)
    ready = {fd for fd, _ in waiting.poll()}
    if lifeline in ready:
        _end(pid, groups)
    os.waitpid(pid, 0)
    os._exit(0)


def _end(pid: int, groups: dict[str, list[str]]) -> None:
    """A frozen sandbox keeps its zygote from ending, so the sweep comes before the wait."""
    os.kill(pid, signal.SIGKILL)
    sweep.sweep_groups(groups["folders"], groups["prefixes"], seconds=SWEEP_SECONDS)
