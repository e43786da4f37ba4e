"""A port that leads inside: it waits for whoever listens there, and is given back."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

from lambent.environments.debug_relay import Relay
from tests.unit.waiting import turns


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while part := await reader.read(100):
        writer.write(part.upper())
    writer.close()


def to(port: int) -> Callable[[], Awaitable[socket.socket]]:
    async def connect() -> socket.socket:
        sock = socket.socket()
        sock.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        except OSError:
            sock.close()
            raise
        return sock

    return connect


def test_a_connection_waits_until_something_listens_inside() -> None:
    async def scene() -> None:
        outside, inside = free_port(), free_port()
        relay = Relay(to(inside))
        await relay.open(outside)
        reader, writer = await asyncio.open_connection("127.0.0.1", outside)
        writer.write(b"early")
        await turns()
        async with await asyncio.start_server(echo, "127.0.0.1", inside):
            assert await reader.readexactly(5) == b"EARLY"
            writer.write(b"more")
            writer.write_eof()
            assert await reader.read() == b"MORE"
        writer.close()
        await relay.close()

    asyncio.run(asyncio.wait_for(scene(), 5))


def test_closing_drops_connections_and_frees_the_port() -> None:
    async def scene() -> None:
        outside = free_port()
        relay = Relay(to(free_port()))  # where nobody ever listens
        await relay.open(outside)
        reader, writer = await asyncio.open_connection("127.0.0.1", outside)
        await turns()
        await relay.close()
        assert await reader.read() == b""
        writer.close()
        again = Relay(to(1))
        await again.open(outside)
        await again.close()

    asyncio.run(asyncio.wait_for(scene(), 5))


def test_an_inside_that_has_gone_ends_the_connection() -> None:
    async def gone() -> socket.socket:
        raise ConnectionAbortedError

    async def scene() -> None:
        outside = free_port()
        relay = Relay(gone)
        await relay.open(outside)
        reader, writer = await asyncio.open_connection("127.0.0.1", outside)
        assert await reader.read() == b""
        writer.close()
        await relay.close()

    asyncio.run(asyncio.wait_for(scene(), 5))
