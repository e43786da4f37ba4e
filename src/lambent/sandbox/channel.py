"""The server's end of a socket to a zygote or a keeper, on the event loop."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Sequence
from typing import Any

from lambent.sandbox.inside import wire

AT_ONCE = 64
"""Messages that are read before others have their turn."""
_log = logging.getLogger("lambent.sandbox")


class Channel:
    """Messages in both directions. `on_message` gets what comes; with None, once, the other side is gone.

    In a snapshot the other side is the function's own code, which may say anything, any number of times: what nobody
    understands ends the conversation, and descriptors that nobody takes (`Message.fds` holds them) are closed.
    """

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
        for _ in range(AT_ONCE):
            if self.closed:
                return
            try:
                message = wire.receive(self._sock)
            except BlockingIOError:
                return
            except (ValueError, RecursionError) as strange:
                self._give_up(strange)
                return
            if message is None:
                self.close()
            self._hear(message)

    def _hear(self, message: wire.Message | None) -> None:
        try:
            self._on_message(message)
        except (LookupError, TypeError, ValueError, AttributeError, OSError) as strange:
            self._give_up(strange)
        finally:
            if message is not None:
                wire.close(message.fds)

    def _give_up(self, strange: Exception) -> None:
        if not self.closed:
            _log.warning("a zygote or a keeper said what can't be understood: %.200r", strange)
            self.close()
            self._on_message(None)


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
