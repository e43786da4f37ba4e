"""What clients may make the listener hold, over real sockets."""

import asyncio
import contextlib
import io
import socket
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from lambent.gateway import listener as listening
from lambent.gateway.intake import Bounds, Intake, Share, is_overdue, spool
from lambent.gateway.listener import MAX_HEAD, MAX_HEADERS, Listener, Respond
from lambent.wire.http import Request, Response
from tests.unit.waiting import turns, until

Talk = Callable[[Listener, tuple[str, int]], Awaitable[None]]


async def echo(request: Request) -> Response:
    body = request.body if request.file is None else request.file.read()
    return Response(200, [("X-Kind", "bytes" if request.file is None else "file")], b"%d" % len(body))


def nothing(request: Request, respond: Respond) -> bool:
    return False


def serve(talk: Talk, intake: Intake | None = None, environment: str = "", chain: object = echo) -> None:
    async def run() -> None:
        listener = Listener(chain, nothing, intake)  # type: ignore[arg-type]
        door = socket.create_server(("127.0.0.1", 0))
        await listener.serve(door, environment)
        try:
            await talk(listener, door.getsockname())
        finally:
            await listener.close()

    asyncio.run(run())


async def ask(address: tuple[str, int], sent: bytes) -> bytes:
    """What comes back until the server closes the connection, or is silent."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        writer.write(sent)
        return await asyncio.wait_for(reader.read(1 << 16), 5)
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("name", [b"a: ", b"", b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\na: "])
def test_a_header_without_end_is_refused_soon(name: bytes) -> None:
    """Its name, its value, or a trailer's: the parser tells of none before it is whole."""

    async def talk(_listener: Listener, address: tuple[str, int]) -> None:
        reader, writer = await asyncio.open_connection(*address)
        answer = asyncio.ensure_future(reader.read(12))
        writer.write(b"POST / HTTP/1.1\r\nHost: h\r\n" + name)
        for _ in range(8 * MAX_HEAD >> 16):
            if answer.done():
                break
            writer.write(b"x" * (1 << 16))
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            await asyncio.sleep(0)
        assert answer.done()
        with contextlib.suppress(ConnectionError):
            assert await answer == b"HTTP/1.1 431"
        writer.close()

    serve(talk)


def test_a_million_headers_cost_no_more_than_one_large_one() -> None:
    async def talk(_listener: Listener, address: tuple[str, int]) -> None:
        began = time.process_time()
        assert (await ask(address, b"GET / HTTP/1.1\r\nHost: h\r\n" + b"a:\r\n" * 1_000_000)).startswith(
            b"HTTP/1.1 431 "
        )
        assert time.process_time() - began < 2

    serve(talk)


@pytest.mark.parametrize(
    ("count", "size", "status"), [(MAX_HEADERS - 1, 1, 200), (MAX_HEADERS, 1, 431), (900, MAX_HEAD // 900, 431)]
)
def test_headers_are_counted_one_by_one_and_with_their_separators(count: int, size: int, status: int) -> None:
    async def talk(_listener: Listener, address: tuple[str, int]) -> None:
        head = b"".join(b"x: %b\r\n" % (b"y" * (size - 1)) for _ in range(count))
        assert (await ask(address, b"GET / HTTP/1.1\r\nHost: h\r\n" + head + b"\r\n")).startswith(
            b"HTTP/1.1 %d " % status
        )

    serve(talk)


def test_a_large_body_is_a_file_and_a_small_one_is_not(tmp_path: Path) -> None:
    async def talk(_listener: Listener, address: tuple[str, int]) -> None:
        for size, kind in ((10, b"bytes"), (3 << 20, b"file"), (1 << 20, b"bytes")):
            head = b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % size
            answer = await ask(address, head + bytes(size))
            assert b"X-Kind: " + kind in answer
            assert answer.endswith(b"\r\n\r\n%d" % size)

    serve(talk, Intake(spool=tmp_path, bounds=Bounds(spooled_from=1 << 20, spooled_at_once=1 << 18)))
    assert not list(tmp_path.iterdir())


def test_a_large_body_behind_a_request_that_takes_its_time_waits_on_the_wire(tmp_path: Path) -> None:
    go = asyncio.Event()
    most = 0

    async def slow(request: Request) -> Response:
        if request.method == "GET":
            await go.wait()
        return await echo(request)

    async def talk(listener: Listener, address: tuple[str, int]) -> None:
        nonlocal most
        reader, writer = await asyncio.open_connection(*address)
        size = 8 << 20
        writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\nPUT / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % size)
        writer.write(bytes(size))
        (door,) = listener._doors.values()
        (connection,) = await until(lambda: door.open)
        await until(lambda: connection._paused)
        most = connection._body_bytes  # type: ignore[attr-defined]
        go.set()
        received = b""
        while b"%d" % size not in received:
            received += await asyncio.wait_for(reader.read(1 << 16), 5)
        writer.close()

    serve(talk, Intake(spool=tmp_path, bounds=Bounds(spooled_from=1 << 20)), chain=slow)
    assert 1 << 20 < most < 2 << 20


def test_unfinished_bodies_have_a_total_and_those_of_an_environment_one_of_their_own() -> None:
    half = b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 900000\r\n\r\n" + bytes(700_000)
    intake = Intake(bounds=Bounds(unfinished=3 << 20, environment=1 << 20))

    async def talk(listener: Listener, address: tuple[str, int]) -> None:
        outside = socket.create_server(("127.0.0.1", 0))
        await listener.serve(outside)
        _, first = await asyncio.open_connection(*address)
        first.write(half)
        await until(lambda: intake._inside[1]._left < (3 << 20) - 700_000)
        refused = await ask(address, half)
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b"more bytes than this server holds" in refused
        whole = half + bytes(200_000)
        assert (await ask(outside.getsockname(), whole)).startswith(b"HTTP/1.1 200 ")
        first.close()
        await until(lambda: intake._inside[1]._left == 3 << 20)
        assert (await ask(address, whole)).startswith(b"HTTP/1.1 200 ")

    serve(talk, intake, environment="one")


def test_what_was_held_is_given_back_however_the_connection_ends() -> None:
    intake = Intake()
    before = intake._outside[1]._left

    async def talk(listener: Listener, address: tuple[str, int]) -> None:
        (door,) = listener._doors.values()
        head = b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n"
        for sent in (
            head + bytes(100_000),
            head + bytes(300_000),
            head + b"x\r\n" + bytes(10),
            b"GET / HTTP/9.9\r\n\r\n",
        ):
            _, writer = await asyncio.open_connection(*address)
            writer.write(sent)
            await writer.drain()
            await turns()
            writer.close()
            await until(lambda: not door.open)
        assert intake._outside[1]._left == before

    serve(talk, intake)


def test_an_environment_has_so_many_connections_and_takes_none_from_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def talk(listener: Listener, address: tuple[str, int]) -> None:
        outside = socket.create_server(("127.0.0.1", 0))
        await listener.serve(outside)
        other = socket.create_server(("127.0.0.1", 0))
        await listener.serve(other, "two")
        opened = [await asyncio.open_connection(*address) for _ in range(12)]
        for _, writer in opened:
            writer.write(b"GET /")
        of_one = next(one for one in listener._doors.values() if one.inside == "one")
        await until(lambda: len(of_one.open) == 10 and not any(one.is_idle for one in of_one.open))
        request = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
        assert await ask(address, request) == b""
        for door in (outside, other):
            assert (await ask(door.getsockname(), request)).startswith(b"HTTP/1.1 200 ")
        for _, writer in opened:
            writer.close()
        await until(lambda: not of_one.open)
        assert (await ask(address, request)).startswith(b"HTTP/1.1 200 ")

    serve(talk, Intake(descriptors=160), environment="one")
    assert [record.message for record in caplog.records] == [
        "environment one: too many connections (10 are open); more are refused"
    ]


def test_who_keeps_connections_and_asks_nothing_leaves_room_for_who_asks() -> None:
    async def talk(_listener: Listener, address: tuple[str, int]) -> None:
        request = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
        half, half_writer = await asyncio.open_connection(*address)
        half_writer.write(request[:-2])
        opened = [await asyncio.open_connection(*address) for _ in range(60)]
        for reader, writer in opened[-9:]:
            writer.write(request)
            assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200 ")
        half_writer.write(request[-2:])
        assert (await half.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200 ")
        with contextlib.suppress(ConnectionError):
            assert await opened[0][0].read() == b""
        for _, writer in (*opened, (half, half_writer)):
            writer.close()

    serve(talk, Intake(descriptors=40))


def test_a_body_in_chunks_of_a_byte_is_refused() -> None:
    async def talk(_listener: Listener, address: tuple[str, int]) -> None:
        head = b"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        small = await ask(address, head + b"1\r\nx\r\n" * (listening.PIECES + 1) + b"0\r\n\r\n")
        assert small.startswith(b"HTTP/1.1 400 ")
        large = await ask(address, head + (b"40\r\n" + b"x" * 64 + b"\r\n") * (listening.PIECES + 1) + b"0\r\n\r\n")
        assert large.startswith(b"HTTP/1.1 200 ")

    serve(talk)


def test_a_half_request_that_goes_silent_is_answered_and_closed() -> None:
    async def talk(_listener: Listener, address: tuple[str, int]) -> None:
        for half in (b"GET / HT", b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx"):
            answer = await ask(address, half)
            assert answer.startswith(b"HTTP/1.1 408 ")
            assert b"Connection: close\r\n" in answer
        reader, writer = await asyncio.open_connection(*address)
        for _ in range(2):  # between requests a connection may be silent: the listener's own seconds pass here
            await asyncio.sleep(0.2)
            writer.write(b"GET / HTTP/1.1\r\n")
            await asyncio.sleep(0)
            writer.write(b"Host: h\r\n\r\n")
            assert (await reader.read(1 << 16)).startswith(b"HTTP/1.1 200 ")
        writer.close()

    serve(talk, Intake(bounds=Bounds(grace=0.1, sweep=0.02)))


def test_a_request_may_be_large_or_slow_and_not_stand_still() -> None:
    assert not is_overdue(began=0, heard=15, received=10, now=20)
    assert is_overdue(began=0, heard=21, received=0, now=21)
    assert is_overdue(began=0, heard=100, received=500 * 79, now=100)
    assert not is_overdue(began=0, heard=100, received=500 * 81, now=100)
    assert is_overdue(began=0, heard=79, received=1 << 30, now=100)


def test_a_share_of_a_share_takes_from_both_or_from_none() -> None:
    whole = Share(10)
    one, two = Share(8, whole), Share(8, whole)
    assert one.take(8)
    assert not one.take(1)
    assert not two.take(3)
    assert two.take(2)
    one.give(8)
    assert two.take(6)
    assert not one.take(3)


def test_a_spooled_body_is_what_was_sent(tmp_path: Path) -> None:
    with spool(spool(None, tmp_path, [b"ab", b"c"]), tmp_path, [b"d"]) as file:
        file.seek(0)
        assert isinstance(file, io.BufferedRandom)
        assert file.read() == b"abcd"
