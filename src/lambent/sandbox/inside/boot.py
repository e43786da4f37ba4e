"""The start of everything below the server: `main` is called by the command line that the server makes."""

from __future__ import annotations

import os
import signal
import socket
import sys
import traceback
from typing import Callable

from . import guard, plan, wire, zygote
from .contexts import ZygoteContext


def main(fd: int) -> Callable[[], object]:
    """Become guard, zygote and keeper. Returns in a started process only: what it is to run."""
    control = socket.socket(fileno=fd)
    control.set_inheritable(False)
    first = wire.receive(control)
    if first is None:
        os._exit(0)
    context = ZygoteContext(control, first.body)
    try:
        plan.run(plan.GUARD[context.level], context)
        lifeline, held = os.pipe()
        pid = os.fork()
        if pid:
            os.close(lifeline)
            guard.watch(pid, control, first.body["groups"])
        os.close(held)
        return zygote.run(context, lifeline)
    except plan.StepFailed as failed:
        _tell(control, failed.message)
    except Exception:
        _tell(control, {"step": "zygote", "operation": "", "path": "", "errno": 0, "text": traceback.format_exc()})
    os._exit(1)


def _tell(control: socket.socket, message: dict[str, object]) -> None:
    try:
        wire.send(control, {"error": message})
    except OSError:  # nobody there to hear it
        os._exit(1)
