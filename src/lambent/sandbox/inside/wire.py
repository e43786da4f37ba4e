"""Messages between the server and what runs below it: one JSON object per packet, with descriptors beside it.

Both sides use these functions, on SOCK_SEQPACKET sockets. On a non-blocking socket they raise BlockingIOError.
"""

from __future__ import annotations

import array
import json
import os
import socket
import struct
from typing import Any, NamedTuple

MAX_BYTES = 1 << 18
MAX_FDS = 64
_CREDENTIALS = struct.Struct("iII")
_CLOEXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0x40000000)
_decode = json.JSONDecoder().raw_decode
"""What `json.loads` comes to: the less of Python runs in a fork, the less memory it has of its own."""
_ANCILLARY = socket.CMSG_SPACE(MAX_FDS * 4) + socket.CMSG_SPACE(_CREDENTIALS.size)


class Message(NamedTuple):
    """`pid` is the sender's as the receiver sees it, 0 unless the socket has SO_PASSCRED."""

    body: dict[str, Any]
    fds: list[int]
    pid: int

    def taken(self) -> Message:
        """The same with its descriptors, which this one holds no more."""
        taken = self._replace(fds=self.fds[:])
        self.fds.clear()
        return taken


def send(sock: socket.socket, body: dict[str, Any], fds: list[int] | tuple[int, ...] = ()) -> None:
    """Send one message whole. Raises OSError (EMSGSIZE when it is too large)."""
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    sock.sendmsg([json.dumps(body).encode()], ancillary, socket.MSG_NOSIGNAL)


def receive(sock: socket.socket) -> Message | None:
    """The next message, or None when the other side is gone. The descriptors are the caller's to close."""
    try:
        data, ancillary, _, _ = _receive(sock)
    except ConnectionError:
        return None
    fds = array.array("i")
    pid = 0
    for level, kind, raw in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(raw[: len(raw) - len(raw) % fds.itemsize])
        elif level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
            pid = _CREDENTIALS.unpack(raw)[0]
    if not data:
        close(fds)
        return None
    return Message(_decode(data.decode())[0], list(fds), pid)


def _receive(sock: socket.socket) -> tuple[bytes, list[tuple[int, int, bytes]], int, Any]:
    """That the other side ended without having read all is told first, and once; then what it had sent before
    (unix_release_sock() in the kernel's net/unix/af_unix.c)."""
    try:
        return sock.recvmsg(MAX_BYTES, _ANCILLARY, _CLOEXEC)
    except ConnectionResetError:
        return sock.recvmsg(MAX_BYTES, _ANCILLARY, _CLOEXEC)


def take_sockets(message: Message, most: int = MAX_FDS) -> list[socket.socket]:
    """Sockets of the first `most` of its descriptors, which the message holds no more. Raises OSError at what is none,
    whose descriptor it still holds."""
    taken: list[socket.socket] = []
    try:
        while message.fds and len(taken) < most:
            taken.append(socket.socket(fileno=message.fds[0]))
            del message.fds[0]
    except OSError:
        for sock in taken:
            sock.close()
        raise
    return taken


def close(fds: list[int] | array.array[int]) -> None:
    """Close all."""
    for fd in fds:
        os.close(fd)


def tell(sock: socket.socket, failure: dict[str, Any], process: int = 0) -> None:
    """Report a failed step, of starting the process of that number or, with 0, of making the sandbox.

    Nobody being there to hear it is no further failure.
    """
    try:
        send(sock, {"error": failure, "process": process})
    except OSError:
        return
