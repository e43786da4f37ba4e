"""The zygote: an interpreter that stands ready and forks a keeper for each sandbox that is asked for.

It has one thread and answers one request at a time: what may take long is done by the keeper.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable

from . import keeping, plan, wire
from .contexts import SandboxContext, ZygoteContext
from .kernel import CLONE_NEWNS, setns


def run(context: ZygoteContext) -> Callable[[], object]:
    """Get ready, then serve until the server is gone. Returns in a started process only: what it is to run."""
    plan.run(plan.ZYGOTE[context.level], context)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the keepers
    wire.send(context.control, {"ready": True, "baseline": context.baseline, "skipped": context.skipped})
    while True:
        message = wire.receive(context.control)
        if message is None:
            os._exit(0)
        control = socket.socket(fileno=message.fds[0])
        sandbox = SandboxContext(context, control, message.body, message.fds[1:])
        if _fork(sandbox):
            return keeping.keep(sandbox)


def _fork(sandbox: SandboxContext) -> bool:
    """Whether this is the keeper. A failure is told to whoever asked."""
    try:
        plan.run(plan.FORK[sandbox.level], sandbox)
        if os.fork() == 0:
            return True
    except plan.StepFailed as failed:
        wire.tell(sandbox.control, failed.message)
    except OSError as failed:
        wire.tell(sandbox.control, plan.StepFailed("fork", failed).message)
    if sandbox.level == plan.NAMESPACE:
        setns(sandbox.zygote.host_view, CLONE_NEWNS)
    wire.close([*sandbox.groups, *(fd for fd, _ in sandbox.trees)])
    sandbox.control.close()
    return False
