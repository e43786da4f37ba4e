"""Connections into a sandbox, which its keeper makes: whatever listens there need not be reachable from here."""

import asyncio
import errno
import itertools
import os
import socket

from lambent.sandbox.channel import Channel, writable
from lambent.sandbox.errors import SandboxGone
from lambent.sandbox.inside import wire


class Calls:
    """Those of one sandbox, asked for over its channel."""

    def __init__(self, sandbox_id: str) -> None:
        self._gone = f"sandbox {sandbox_id} has ended"
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[socket.socket]] = {}

    async def connect(self, channel: Channel, port: int) -> socket.socket:
        """A non-blocking socket connected to a port of its loopback. Raises OSError, SandboxGone."""
        number = next(self._numbers)
        call = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            await channel.send({"connect": port, "call": number})
        except ConnectionError:
            self._waiting.pop(number, None)
            raise SandboxGone(self._gone) from None
        try:
            sock = await asyncio.shield(call)
        except asyncio.CancelledError:
            call.add_done_callback(_drop)
            raise
        return await _connected(sock)

    def answered(self, message: wire.Message) -> None:
        """What the keeper says to one of them."""
        call = self._waiting.pop(message.body["connected"])
        failed = message.body["errno"]
        if failed:
            call.set_exception(OSError(failed, os.strerror(failed)))
        else:
            call.set_result(wire.take_sockets(message, 1)[0])

    def end(self) -> None:
        """The sandbox has ended: none is answered any more."""
        for call in self._waiting.values():
            call.set_exception(SandboxGone(self._gone))
        self._waiting.clear()


async def connect_here(port: int) -> socket.socket:
    """A non-blocking socket connected to a port of the host's loopback. Raises OSError."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    failed = sock.connect_ex(("127.0.0.1", port))
    if failed not in (0, errno.EINPROGRESS):
        sock.close()
        raise OSError(failed, os.strerror(failed))
    return await _connected(sock)


async def _connected(sock: socket.socket) -> socket.socket:
    """When a connection that is being made is there. Raises OSError."""
    sock.setblocking(False)
    try:
        await writable(sock, asyncio.get_running_loop())
        failed = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failed:
            raise OSError(failed, os.strerror(failed))
    except BaseException:
        sock.close()
        raise
    return sock


def _drop(call: "asyncio.Future[socket.socket]") -> None:
    """A connection that nobody waits for any more."""
    if call.exception() is None:
        call.result().close()
