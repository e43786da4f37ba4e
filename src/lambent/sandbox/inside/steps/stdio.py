"""A snapshot writes where its function's output belongs."""

from __future__ import annotations

import fcntl
import os
import socket

from ..contexts import ZygoteContext
from .descriptors import HIGH


def run(context: ZygoteContext) -> None:
    """The first of its steps that opens anything: what is its own gets numbers above those that were asked for."""
    high = fcntl.fcntl(context.control.fileno(), fcntl.F_DUPFD_CLOEXEC, HIGH)
    moved = {number: fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, HIGH) for number, fd in context.stdio.items()}
    for fd in [context.control.detach(), *context.stdio.values(), *context.groups]:
        os.close(fd)
    context.control = socket.socket(fileno=high)
    context.groups = []
    for number, fd in moved.items():
        os.dup2(fd, number)
        os.close(fd)
    context.stdio = {}
