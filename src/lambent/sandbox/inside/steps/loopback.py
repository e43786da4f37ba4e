"""The sandbox's loopback interface goes up."""

from __future__ import annotations

import fcntl
import socket
import struct

from ..contexts import BlankContext

SIOCGIFFLAGS = 0x8913
SIOCSIFFLAGS = 0x8914
IFF_UP = 1
_REQUEST = struct.Struct("16sh14x")


def run(context: BlankContext) -> None:
    """Where the sandbox is connected by the server, its namespace is not this one."""
    if not context.zygote.connected:
        set_up()


def set_up() -> None:
    """netdevice(7). Addresses 127.0.0.1 and ::1 come by themselves."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        found = fcntl.ioctl(sock, SIOCGIFFLAGS, _REQUEST.pack(b"lo", 0))
        flags = _REQUEST.unpack(found)[1] | IFF_UP
        fcntl.ioctl(sock, SIOCSIFFLAGS, _REQUEST.pack(b"lo", flags))
