"""Sockets on the sandbox's loopback, for the server to accept on and to receive from."""

from __future__ import annotations

import socket

from ..contexts import SandboxContext, ZygoteContext

BACKLOG = 128


def run(context: SandboxContext | ZygoteContext) -> None:
    """A socket belongs to the network namespace it was made in, whoever holds it."""
    for port in context.ports:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        context.listeners.append(sock)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", port))
        sock.listen(BACKLOG)
    for port in context.datagrams:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        context.listeners.append(sock)
        sock.bind(("127.0.0.1", port))
