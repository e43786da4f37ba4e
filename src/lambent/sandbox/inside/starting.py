"""A process of a sandbox, between the keeper's fork and what it is to run."""

from __future__ import annotations

import gc
import importlib
import os
import socket
from collections.abc import Callable
from typing import Any

from . import plan, wire
from .contexts import ProcessContext, ZygoteContext
from .kernel import CLONE_NEWNET, setns
from .steps import control_groups, own_user


def context_of(
    zygote: ZygoteContext, control: socket.socket, message: wire.Message, user: int = 0, user_view: int = -1
) -> ProcessContext:
    """What a keeper was asked to start."""
    return ProcessContext(zygote, control, message.body["start"], message.fds, user, user_view)


def wait_and_start(zygote: ZygoteContext, sock: socket.socket) -> Callable[[], object]:
    """The life of a fork made ahead: join the sandbox's network and groups, wait, then start. Ends with its keeper."""
    control: socket.socket | None = None
    user = 0
    while True:
        message = wire.receive(sock)
        if message is None:
            os._exit(0)
        if control is None:
            control = socket.socket(fileno=message.fds[0])
            connected = message.body["network"]
            if connected:
                setns(message.fds[1], CLONE_NEWNET)
            control_groups.join(message.fds[1 + connected :])
            wire.close(message.fds[1:])
            user = message.body["user"]
            if user:
                _own(zygote, user, sock)
        else:
            sock.close()
            return start(context_of(zygote, control, message, user))


def _own(zygote: ZygoteContext, user: int, sock: socket.socket) -> None:
    """Have an own user, or a user namespace, and tell the keeper, who then writes its maps."""
    try:
        own_user.make(user, zygote.unprivileged)
        wire.send(sock, {})
        if zygote.unprivileged:
            if wire.receive(sock) is None:
                os._exit(0)
            own_user.take_share()
            wire.send(sock, {})
    except OSError as failed:
        wire.send(sock, {"failed": [failed.errno or 0, getattr(failed, "operation", "setresuid")]})
        os._exit(1)


def start(context: ProcessContext) -> Callable[[], object]:
    """Do the plan, say so, and return what is to be run; a file to execute is executed here."""
    try:
        plan.run(plan.STARTED, context)
        wire.send(context.control, {"started": context.number, "forked": not context.argv, "times": context.times})
    except plan.StepFailed as failed:
        wire.tell(context.control, failed.message, context.number)
        os._exit(1)
    if context.argv:
        _execute(context)
    context.control.close()
    gc.enable()  # the zygote does without, so that no collection touches the pages that all forks share
    return _caller(context.entry)


def _execute(context: ProcessContext) -> None:
    """The control socket closes with the exec. As in shells, 127 is a file that is not there, 126 another failure."""
    try:
        os.execvpe(context.argv[0], context.argv, context.environment)  # noqa: S606
    except OSError as failed:
        failed.filename = context.argv[0]
        wire.tell(context.control, plan.StepFailed("execute", failed).message, context.number)
        os._exit(127 if isinstance(failed, FileNotFoundError) else 126)


def _caller(entry: str) -> Callable[[], object]:
    module, _, name = entry.partition(":")

    def call() -> Any:
        return getattr(importlib.import_module(module), name)()

    return call
