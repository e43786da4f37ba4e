"""The process has the descriptors it was given, /dev/null for the missing ones of the first three, and no others."""

from __future__ import annotations

import fcntl
import os
import socket

from ..contexts import ProcessContext
from ..kernel import close_all_but

HIGH = 512
"""Received descriptors are moved above this first, so that none is overwritten before its turn."""


def run(context: ProcessContext) -> None:
    """The control socket stays, as a descriptor that an exec closes, until the process is on its way."""
    status = fcntl.fcntl(context.control.fileno(), fcntl.F_DUPFD_CLOEXEC, HIGH)
    moved = {inside: fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, HIGH) for inside, fd in context.fds.items()}
    if context.user_view >= 0:
        context.user_view = fcntl.fcntl(context.user_view, fcntl.F_DUPFD_CLOEXEC, HIGH)
    null = os.open("/dev/null", os.O_RDWR)
    for inside in (0, 1, 2):
        if inside not in moved:
            moved[inside] = fcntl.fcntl(null, fcntl.F_DUPFD_CLOEXEC, HIGH)
    for inside, fd in moved.items():
        os.dup2(fd, inside)
    context.control.detach()
    context.control = socket.socket(fileno=status)
    for fd, place in context.zygote.kept.items():
        if place >= 0:
            _reopen(fd, place)
    close_all_but({*moved, status, *context.zygote.kept, *([context.user_view] if context.user_view >= 0 else [])})


def _reopen(fd: int, place: int) -> None:
    """A file of its own at the same place: a descriptor that a fork inherits shares its place with all others."""
    own = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY)
    os.lseek(own, place, os.SEEK_SET)
    os.dup2(own, fd)
    os.close(own)
