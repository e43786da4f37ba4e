"""A port of this machine's loopback that leads to a port inside a sandbox."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable

CONNECT_AGAIN_SECONDS = 0.05
CHUNK = 1 << 16

Connect = Callable[[], Awaitable[socket.socket]]
"""A connection to the port inside. Raises ConnectionRefusedError while nothing listens there."""


class Relay:
    """Takes connections from `open` on; each waits until something listens inside, then bytes go both ways."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def open(self, port: int) -> None:
        """Listen on 127.0.0.1:`port`. Raises OSError."""
        self._server = await asyncio.start_server(self._take, "127.0.0.1", port)

    async def close(self) -> None:
        """Nothing listens any more, and every connection is closed."""
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            # A side that goes away in the middle is an end like any other.
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await self._carry(reader, writer)
        finally:
            self._open.discard(task)
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inside = await self._reach(reader)
        if inside is None:
            return
        inner_reader, inner_writer = await asyncio.open_connection(sock=inside)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_copy(reader, inner_writer))
                both.create_task(_copy(inner_reader, writer))
        except* OSError:
            pass
        finally:
            inner_writer.close()

    async def _reach(self, reader: asyncio.StreamReader) -> socket.socket | None:
        """A connection inside; None when whoever waits for it has gone."""
        while not reader.at_eof():
            try:
                return await self._connect()
            except ConnectionRefusedError:
                await asyncio.sleep(CONNECT_AGAIN_SECONDS)
        return None


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while part := await source.read(CHUNK):
        target.write(part)
        await target.drain()
    target.write_eof()
