"""The keeper: the first process of a sandbox. It makes the sandbox, starts processes in it and collects them.

At level namespace it is process 1 of the sandbox's PID namespace: when it ends, everything in the sandbox is killed.
It ends when the server closes its socket or dies.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable
from typing import Any

from . import plan, processes, starting, wire
from .contexts import SandboxContext
from .kernel import close_all_but, pidfd_open


def keep(context: SandboxContext) -> Callable[[], object]:
    """Make the sandbox and serve it. Returns in a started process only: what it is to run."""
    _forget_zygote(context)
    try:
        plan.run(plan.SANDBOX[context.level], context)
        _present(context)
    except plan.StepFailed as failed:
        wire.tell(context.control, failed.message)
        os._exit(1)
    except OSError as failed:
        wire.tell(context.control, plan.StepFailed("present", failed).message)
        os._exit(1)
    return _Keeper(context).serve()


def _forget_zygote(context: SandboxContext) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    context.zygote.control.detach()
    close_all_but({context.control.fileno(), *context.groups, *(fd for fd, _ in context.trees)})


def _present(context: SandboxContext) -> None:
    """Hand the server what it holds of the sandbox: the keeper's pidfd, /tmp, the listening sockets."""
    keeper = pidfd_open(os.getpid())
    fds = [keeper, *([context.tmp] if context.tmp >= 0 else []), *(sock.fileno() for sock in context.listeners)]
    wire.send(context.control, {"ready": True, "tmp": context.tmp >= 0, "times": context.times}, fds)
    os.close(keeper)
    if context.tmp >= 0:
        os.close(context.tmp)
    while context.listeners:
        context.listeners.pop().close()


class _Keeper:
    """The loop: requests of the server on one side, ended children on the other."""

    def __init__(self, context: SandboxContext) -> None:
        self._context = context
        self._control = context.control
        self._main = 0
        self._status: int | None = None
        self._wake, wakeup = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)

    def serve(self) -> Callable[[], object]:
        waiting = select.poll()
        waiting.register(self._wake, select.POLLIN)
        waiting.register(self._control.fileno(), select.POLLIN)
        while True:
            for fd, _ in waiting.poll():
                if fd == self._wake:
                    os.read(self._wake, 512)
                    self._collect()
                    continue
                message = wire.receive(self._control)
                if message is None:
                    self._end()
                elif "start" in message.body:
                    if self._start(message.body["start"], message.fds):
                        return starting.start(starting.context_of(self._context, message))
                else:
                    self._signal(message.body)

    def _start(self, body: dict[str, Any], fds: list[int]) -> bool:
        """Whether this is the new process."""
        try:
            pid = os.fork()
        except OSError as failed:
            wire.tell(self._control, plan.StepFailed("fork", failed).message)
            wire.close(fds)
            self._report(1)
            return False
        if pid == 0:
            return True
        wire.close(fds)
        self._main = pid
        self._status = None
        return False

    def _signal(self, body: dict[str, Any]) -> None:
        processes.signal_all(self._context.level, body["signal"])

    def _collect(self) -> None:
        """Reap. When the started process has ended, the rest of the sandbox ends with it, and then it is told."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                if self._status is not None:
                    processes.signal_all(self._context.level, signal.SIGKILL)
                return
            if pid == self._main:
                self._status = status
        if self._status is not None:
            self._report(self._status)

    def _report(self, status: int) -> None:
        self._main, self._status = 0, None
        try:
            wire.send(self._control, {"exited": status})
        except OSError:
            self._end()

    def _end(self) -> None:
        processes.end_all(self._context.level)
        os._exit(0)
