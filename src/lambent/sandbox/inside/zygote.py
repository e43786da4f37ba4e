"""The zygote: an interpreter that stands ready and forks a keeper for each sandbox that is asked for.

It has one thread and answers one order at a time: what may take long is done by the keeper. When nothing is asked it
forks the next keeper ahead, so that an order finds one that has its namespaces already.
"""

from __future__ import annotations

import os
import select
import signal
import socket
from collections.abc import Callable

from . import plan, wire
from .contexts import BlankContext, SandboxContext, ZygoteContext
from .keeper import keep
from .kernel import CLONE_NEWNS, fork, setns

IDLE_MS = 3
"""No order for this long, and the next keeper is made ahead: in a burst it would only be in the way."""


def run(context: ZygoteContext) -> Callable[[], object]:
    """Get ready, then serve until the server is gone. Returns in a started process only: what it is to run."""
    plan.run(plan.ZYGOTE[context.level], context)
    return serve(context)


def serve(context: ZygoteContext) -> Callable[[], object]:
    """Say that it is ready and fork what is asked for. Returns in a started process only: what it is to run."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the keepers
    wire.send(
        context.control,
        {"ready": True, "baseline": context.baseline, "skipped": context.skipped, "notes": context.notes},
    )
    zygote = Zygote(context)
    while True:
        blank = zygote.serve()
        if blank is not None:
            return keep(blank)


class Zygote:
    """Answers orders. `serve` returns in a new keeper only with something; in the zygote, with None, once per event."""

    def __init__(self, context: ZygoteContext) -> None:
        self._context = context
        self._ahead: socket.socket | None = None
        self._waiting = select.poll()
        self._waiting.register(context.control.fileno(), select.POLLIN)

    def serve(self) -> BlankContext | None:
        timeout = None if self._ahead is not None else IDLE_MS
        if not self._waiting.poll(timeout):
            return self._prepare()
        message = wire.receive(self._context.control)
        if message is None:
            os._exit(0)
        control = socket.socket(fileno=message.fds[0])
        order = SandboxContext(self._context, control, message.body, message.fds[1:])
        try:
            return self._answer(order, message.body)
        except plan.StepFailed as failed:
            wire.tell(control, failed.message)
            return None
        finally:
            order.close()

    def _prepare(self) -> BlankContext | None:
        """A keeper ahead of need. What fails now will fail again, and be told, when one is needed."""
        blank = BlankContext(self._context, "")
        try:
            self._ahead = self._fork(blank)
        except plan.StepFailed:
            self._waiting.poll(None)
        return blank if blank.orders is not None else None

    def _answer(self, order: SandboxContext, body: dict[str, object]) -> BlankContext | None:
        """Take the binds' sources from the host and hand all to a keeper."""
        if not self._context.entry:
            plan.run(plan.SOURCES[order.level], order)
        if self._ahead is not None and not order.fail_step:
            ahead, self._ahead = self._ahead, None
            with ahead:
                if _hand_over(ahead, order, body):
                    return None
        blank = BlankContext(self._context, order.fail_step)
        keeper = self._fork(blank)
        if blank.orders is not None:
            return blank
        with keeper:
            if not _hand_over(keeper, order, body):
                raise plan.StepFailed("fork", OSError(0, "the keeper ended at once"))
        return None

    def _fork(self, blank: BlankContext) -> socket.socket:
        """The zygote's end of a socket to a new keeper; in that keeper, the other end is `blank.orders`."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pid = -1
        try:
            plan.run(plan.SNAPSHOT_FORK if self._context.entry else plan.FORK[blank.level], blank)
            pid = fork()
        except OSError as failed:
            raise plan.StepFailed("fork", failed) from failed
        finally:
            if pid != 0 and self._context.host_view >= 0:
                setns(self._context.host_view, CLONE_NEWNS)
        if pid == 0:
            ours.close()
            blank.orders = theirs
        else:
            theirs.close()
        return ours


def _hand_over(keeper: socket.socket, order: SandboxContext, body: dict[str, object]) -> bool:
    """Whether the keeper was there to take it."""
    fds = [order.control.fileno(), *(fd for fd, _ in order.trees), *order.namespaces(), *order.groups]
    try:
        wire.send(keeper, {**body, "sources": 0, "trees": [inside for _, inside in order.trees]}, fds)
    except OSError:
        return False
    return True
