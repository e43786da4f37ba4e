"""A snapshot: a zygote that has run a function's own initialisation as well, and forks environments from there.

It begins as any zygote, then confines itself as strongly as a sandbox but for the right to make sandboxes, and calls
the function's entry. That one calls the checkpoint it is given when all is initialised. The call returns in every
environment that is forked later, and never in the snapshot itself.
"""

from __future__ import annotations

import importlib
import os
from typing import NoReturn

from . import plan, wire, zygote
from .contexts import ZygoteContext
from .netlink import open_namespace
from .steps.restorable import Unfit


def run(context: ZygoteContext) -> NoReturn:
    """Get ready, run the entry, serve. Ends with the process."""
    plan.run(plan.CONFINED, context)
    pid = os.fork()
    if pid:
        _stand_by(context, pid)
    plan.run(plan.SNAPSHOT, context)
    namespace = open_namespace()
    sockets = [sock.fileno() for sock in context.listeners]
    wire.send(context.control, {"listening": context.ports}, [namespace, *sockets])
    os.close(namespace)
    while context.listeners:
        context.listeners.pop().close()
    plan.run(plan.IMPORTS, context)
    wire.send(context.control, {"importing": ""})
    if wire.receive(context.control) is None:  # the server's word that the network stands
        os._exit(0)
    module, _, name = context.entry.partition(":")
    getattr(importlib.import_module(module), name)(Checkpoint(context))
    os._exit(1)


def _stand_by(context: ZygoteContext, pid: int) -> NoReturn:
    """Process 1 of the outer PID namespace: it holds nothing and ends with the snapshot."""
    context.control.close()
    wire.close([*context.stdio.values(), *context.groups])
    os.waitpid(pid, 0)
    os._exit(0)


class Checkpoint:
    """What the entry calls."""

    def __init__(self, context: ZygoteContext) -> None:
        self._context = context

    def __call__(self) -> None:
        """Returns in each environment. In the snapshot it serves until the server is gone."""
        context = self._context
        try:
            plan.run(plan.RESTORABLE, context)
        except Unfit as unfit:
            self.unfit(str(unfit))
        except plan.StepFailed as failed:
            self._tell({"error": failed.message})
            os._exit(1)
        restored = zygote.serve(context)
        restored()

    def unfit(self, reason: str) -> NoReturn:
        """What was initialised can't be forked. Ends the process."""
        self._tell({"unfit": reason})
        os._exit(1)

    def failed(self, kind: str, payload: str) -> NoReturn:
        """The initialisation failed: `kind` and `payload` go to whoever asked for the snapshot. Ends the process."""
        self._tell({"failed": kind, "payload": payload[:100_000]})
        os._exit(1)

    def _tell(self, body: dict[str, object]) -> None:
        try:
            wire.send(self._context.control, body)
        except OSError:
            return
