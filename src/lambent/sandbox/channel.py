"""The server's end of a socket to a zygote or a keeper, on the event loop."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Sequence
from typing import Any

from lambent.sandbox.inside import wire


class Channel:
    """Messages in both directions. `on_message` gets what comes; with None, once, the other side is gone."""

    def __init__(self, sock: socket.socket, on_message: Callable[[wire.Message | None], None]) -> None:
        self._sock = sock
        self._on_message = on_message
        self._sending = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        sock.setblocking(False)
        self._loop.add_reader(sock.fileno(), self._read)

    @staticmethod
    def pair() -> tuple[socket.socket, socket.socket]:
        """(the server's end, the other side's end). The server's learns the sender's pid with each message."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        for sock in (ours, theirs):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, wire.MAX_BYTES)
        return ours, theirs

    @property
    def closed(self) -> bool:
        """Whether `close` was called or the other side is gone."""
        return self._sock.fileno() < 0

    async def send(self, body: dict[str, Any], fds: Sequence[int] = ()) -> None:
        """Send, waiting for room. Raises OSError, ConnectionError when closed."""
        async with self._sending:
            while not self.send_nowait(body, fds):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(writable(self._sock, self._loop), 1.0)

    def send_nowait(self, body: dict[str, Any], fds: Sequence[int] = ()) -> bool:
        """Whether there was room. Raises as `send`."""
        if self.closed:
            raise ConnectionResetError("the channel is closed")
        try:
            wire.send(self._sock, body, list(fds))
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Close our end; nothing is reported any more."""
        if not self.closed:
            self._loop.remove_reader(self._sock.fileno())
            self._sock.close()

    def _read(self) -> None:
        while not self.closed:
            try:
                message = wire.receive(self._sock)
            except BlockingIOError:
                return
            if message is None:
                self.close()
            self._on_message(message)


async def writable(sock: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
    """Until there is room, or an error to be asked for."""
    ready = loop.create_future()
    fd = sock.fileno()
    loop.add_writer(fd, _resolve, ready)
    try:
        await ready
    finally:
        loop.remove_writer(fd)


def _resolve(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
