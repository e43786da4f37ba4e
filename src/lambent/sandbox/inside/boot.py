"""The start of everything below the server: `main` is called by the command line that the server makes."""

from __future__ import annotations

import os
import socket
import traceback
from collections.abc import Callable

from . import guard, plan, snapshot, wire, zygote
from .contexts import ZygoteContext


def main(fd: int) -> Callable[[], object]:
    """Become guard, zygote and keeper. Returns in a started process only: what it is to run."""
    control = socket.socket(fileno=fd)
    control.set_inheritable(False)
    first = wire.receive(control)
    if first is None:
        os._exit(0)
    context = ZygoteContext(control, first.body)
    lifeline = first.fds[0]
    try:
        context.take(first.fds[1:])
        plan.run(plan.GUARD[context.level], context)
        pid = os.fork()
        if pid:
            control.close()
            wire.close(first.fds[1:])
            guard.watch(pid, lifeline, first.body["groups"])
        wire.close([lifeline, *first.fds[1 : 1 + context.joins_user]])
        if context.entry:
            snapshot.run(context)
        return zygote.run(context)
    except plan.StepFailed as failed:
        wire.tell(context.control, failed.message)
    except Exception:
        text = traceback.format_exc()
        wire.tell(context.control, {"step": "zygote", "operation": "", "path": "", "errno": 0, "text": text})
    os._exit(1)
