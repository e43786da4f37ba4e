"""The keeper: the first process of a sandbox. It makes the sandbox, starts processes in it and collects them.

At level namespace it is process 1 of the sandbox's PID namespace: when it ends, everything in the sandbox is killed.
It ends when the server closes its socket or dies, and before it has an order, when the zygote does.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # see steps/signals
import errno
import os
import select
import socket
from collections.abc import Callable

from . import plan, processes, starting, wire
from .contexts import BlankContext, SandboxContext, Spare
from .kernel import close_all_but, pidfd_open
from .netlink import open_namespace


def keep(blank: BlankContext) -> Callable[[], object]:
    """Make a sandbox and serve it. Returns in a started process only: what it is to run."""
    assert blank.orders is not None
    failure: plan.StepFailed | None = None
    spare: Spare | None = None
    try:
        _forget_zygote(blank, blank.orders)
        plan.run(plan.BLANK[blank.level], blank)
        spare = _fork_spare()
    except plan.StepFailed as failed:
        failure = failed
    if spare is not None and spare.pid == 0:
        blank.orders.close()
        return starting.wait_and_start(blank.zygote, spare.sock)
    order = wire.receive(blank.orders)
    blank.orders.close()
    if order is None:
        os._exit(0)
    context = SandboxContext(blank.zygote, socket.socket(fileno=order.fds[0]), order.body, order.fds[1:])
    try:
        if failure is not None:
            raise failure
        context.first = spare
        _make(context)
    except plan.StepFailed as failed:
        wire.tell(context.control, failed.message)
        os._exit(1)
    return _Keeper(context).serve()


def _forget_zygote(blank: BlankContext, orders: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    blank.zygote.control.detach()
    close_all_but({orders.fileno(), *blank.zygote.kept_by_keepers()})


def _fork_spare() -> Spare:
    inner, outer = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        pid = os.fork()
    except OSError as failed:
        raise plan.StepFailed("fork", failed) from failed
    (outer if pid == 0 else inner).close()
    return Spare(pid, inner if pid == 0 else outer)


def _make(context: SandboxContext) -> None:
    """Do the plan, and hand the server what it holds: the keeper's pidfd, of a restored sandbox the network namespace,
    /tmp, the listening sockets."""
    plan.run(plan.SNAPSHOT_SANDBOX if context.zygote.entry else plan.SANDBOX[context.level], context)
    try:
        own = [pidfd_open(os.getpid()), *([open_namespace()] if context.zygote.entry else [])]
        own += [context.tmp] if context.tmp >= 0 else []
        body = {"ready": True, "tmp": context.tmp >= 0, "times": context.times}
        wire.send(context.control, body, [*own, *(sock.fileno() for sock in context.listeners)])
    except OSError as failed:
        raise plan.StepFailed("present", failed) from failed
    wire.close([*own, *context.namespaces(), *context.groups])
    while context.listeners:
        context.listeners.pop().close()


class _Keeper:
    """The loop: requests of the server on one side, ended children on the other."""

    def __init__(self, context: SandboxContext) -> None:
        self._context = context
        self._level = context.level
        self._control = context.control
        self._spare = context.first
        self._started: dict[int, int] = {}
        """Process id of each started process to the number that the server gave it."""
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
                elif "signal" in message.body:
                    self._signal(message.body["signal"], message.body["process"])
                elif "connect" in message.body:
                    self._connect(message.body["connect"], message.body["call"])
                elif self._start(message):
                    context, own = self._context, (self._context.user, self._context.user_view)
                    return starting.start(starting.context_of(context.zygote, self._control, message, *own))

    def _start(self, message: wire.Message) -> bool:
        """Whether this is the new process. The first one is there already."""
        number = message.body["start"]["process"]
        pid = self._use_spare(message)
        try:
            pid = pid or os.fork()
        except OSError as failed:
            wire.tell(self._control, plan.StepFailed("fork", failed).message, number)
            self._report(number, 1)
            pid = -1
        if pid == 0:
            return True
        wire.close(message.fds)
        if pid > 0:
            self._started[pid] = number
        return False

    def _use_spare(self, message: wire.Message) -> int:
        """The pid of the waiting fork, or 0."""
        if self._spare is None:
            return 0
        pid, sock = self._spare
        self._spare = None
        with sock:
            try:
                wire.send(sock, message.body, message.fds)
            except OSError:  # it was killed
                return 0
        return pid

    def _signal(self, number: int, process: int) -> None:
        """To the started process of that number, if it runs still; with 0 to every process of the sandbox."""
        if process == 0:
            processes.signal_all(self._level, number)
        for pid, its in self._started.items():
            if its == process:
                processes.signal_one(pid, number)  # not collected yet, so there

    def _connect(self, port: int, call: int) -> None:
        """Hand out a socket that connects to `port` here: the server's own would connect where the server is."""
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as sock:
            failed = sock.connect_ex(("127.0.0.1", port))
            failed = 0 if failed == errno.EINPROGRESS else failed
            try:
                wire.send(self._control, {"connected": call, "errno": failed}, [] if failed else [sock.fileno()])
            except OSError:
                self._end()

    def _collect(self) -> None:
        """Reap. With the last started process everything else in the sandbox ends, and then it is told."""
        ended: list[tuple[int, int]] = []
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            number = self._started.pop(pid, 0)
            if number:
                ended.append((number, status))
        if ended and not self._started:
            processes.end_all(self._level)
        for number, status in ended:
            self._report(number, status)

    def _report(self, number: int, status: int) -> None:
        try:
            wire.send(self._control, {"exited": number, "status": status})
        except OSError:
            self._end()

    def _end(self) -> None:
        """At level namespace the kernel ends what is left."""
        if self._level != plan.NAMESPACE:
            processes.end_all(self._level)
        os._exit(0)
