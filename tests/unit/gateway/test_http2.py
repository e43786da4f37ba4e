"""HTTP/2 with prior knowledge over real sockets, spoken by the same library as a client."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import h2.config
import h2.connection
import h2.events
import pytest
from hyperframe.frame import (
    ContinuationFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    SettingsFrame,
)

from lambent.gateway import http2
from lambent.gateway.http2 import PREFACE
from lambent.gateway.intake import BOUNDS, Bounds, Intake
from lambent.gateway.listener import Listener
from lambent.wire.http import Request, Response
from tests.unit.waiting import turns, until

HEAD = [(":method", "POST"), (":scheme", "http"), (":authority", "h"), (":path", "/a%2Fb?x=1"), ("x-a", "1")]
Chain = Callable[[Request], Awaitable[Response]]


async def echo(request: Request) -> Response:
    text = f"{request.method} {request.path} {request.query} {request.headers['host']} {request.headers['x-a']} "
    return Response(200, [("X-Seen", "yes"), ("Connection", "close")], text.encode() + request.body)


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer
        self.state = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.state.initiate_connection()
        self.heads: dict[int, dict[str, str]] = {}
        self.bodies: dict[int, bytes] = {}
        self.ended: set[int] = set()

    def ask(self, body: bytes = b"", head: list[tuple[str, str]] = HEAD) -> int:
        number = int(self.state.get_next_available_stream_id())
        self.state.send_headers(number, head, end_stream=not body)
        for at in range(0, len(body), 16_000):
            self.state.send_data(number, body[at : at + 16_000], end_stream=at + 16_000 >= len(body))
        self.writer.write(self.state.data_to_send())
        return number

    async def until(self, done: Callable[[], Any]) -> None:
        while not done():
            data = await asyncio.wait_for(self._reader.read(1 << 16), 5)
            assert data, "the connection was closed"
            for event in self.state.receive_data(data):
                self._happened(event)
            self.writer.write(self.state.data_to_send())

    async def closed(self) -> bool:
        """The server has closed it."""
        return await asyncio.wait_for(self._reader.read(1), 5) == b""

    async def cut(self) -> None:
        """The server closes it, whatever it says before."""
        with contextlib.suppress(ConnectionError):
            while not await self.closed():
                pass

    def _happened(self, event: Any) -> None:
        if isinstance(event, h2.events.ResponseReceived):
            self.heads[event.stream_id] = dict(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            self.bodies[event.stream_id] = self.bodies.get(event.stream_id, b"") + event.data
            self.state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
            self.ended.add(event.stream_id)


def play(scene: Callable[[Client], Awaitable[None]], chain: Chain = echo, intake: Intake | None = None) -> None:
    async def main() -> None:
        listener = Listener(chain, lambda _request, _respond: False, intake)
        door = socket.create_server(("127.0.0.1", 0))
        await listener.serve(door)
        client = Client(*await asyncio.open_connection(*door.getsockname()))
        await scene(client)
        client.writer.close()
        await listener.close()

    asyncio.run(main())


def test_a_request_is_answered_with_its_parts() -> None:
    async def scene(client: Client) -> None:
        number = client.ask(b"abc")
        await client.until(lambda: client.ended)
        assert client.heads[number] | {"x-seen": "yes"} == {
            ":status": "200", "x-seen": "yes", "content-length": str(len(client.bodies[number])),
        }  # fmt: skip
        assert client.bodies[number] == b"POST /a%2Fb x=1 h 1 abc"

    play(scene)


def test_who_says_goodbye_gets_what_was_asked_before() -> None:
    """JavaScript's SDK: GOAWAY without an error goes out with the request, whose answer is a stream."""
    released = asyncio.Event()

    async def parts() -> AsyncIterator[bytes]:
        yield b"first "
        await released.wait()
        yield b"second"

    async def streamed(_request: Request) -> Response:
        return Response(200, [], parts())

    async def scene(client: Client) -> None:
        number = client.ask(b"abc")
        await client.until(lambda: client.bodies.get(number))
        client.writer.write(GoAwayFrame(0).serialize())
        await turns()
        released.set()
        await client.until(lambda: client.ended)
        assert client.bodies[number] == b"first second"
        assert await client.closed()

    play(scene, streamed)


def test_many_at_once_large_ones_among_them() -> None:
    async def scene(client: Client) -> None:
        client.writer.write(client.state.data_to_send())
        await client.until(lambda: client.state.remote_settings.max_concurrent_streams == http2.STREAMS)
        numbers = [client.ask(str(number).encode() * 500) for number in range(60)]
        await client.until(lambda: len(client.ended) == 60)
        assert [client.bodies[number].split(b" 1 ")[1] for number in numbers] == [
            str(n).encode() * 500 for n in range(60)
        ]

    async def large(client: Client) -> None:
        number = client.ask(b"")
        await client.until(lambda: client.ended)
        assert client.bodies[number] == b"x" * 5_000_000

    async def answer(_request: Request) -> Response:
        return Response(200, [], b"x" * 5_000_000)

    play(scene)
    play(large, answer)


def test_what_comes_bit_by_bit_goes_at_once_and_ends_with_the_client() -> None:
    ended = []

    async def chain(_request: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            try:
                yield b"first"
                await asyncio.sleep(60)
            finally:
                ended.append(True)

        return Response(200, [], parts())

    async def scene(client: Client) -> None:
        number = client.ask()
        await client.until(lambda: client.bodies.get(number) == b"first")
        client.state.reset_stream(number)
        client.writer.write(client.state.data_to_send())
        await until(lambda: ended)

    play(scene, chain)


@pytest.mark.parametrize(
    "garbage", [b"\x00\x00\x04\x08" + bytes(9), b"\xff" * 2_000_000], ids=["a wrong frame", "a frame too long"]
)
def test_garbage_behind_the_preface_ends_the_connection(garbage: bytes) -> None:
    async def scene(client: Client) -> None:
        client.writer.write(PREFACE + garbage)
        with pytest.raises((AssertionError, ConnectionError)):
            await client.until(lambda: False)

    play(scene)


def test_what_is_too_much_is_refused_and_given_back() -> None:
    intake = Intake(4000, bounds=Bounds(http2=20_000))

    async def scene(client: Client) -> None:
        before = intake.outside().unfinished._left
        number = client.ask(b"x" * 40_000)
        await client.until(lambda: client.heads)
        assert client.heads[number][":status"] == "413"
        again = client.ask(b"y")
        await client.until(lambda: again in client.ended)
        assert client.heads[again][":status"] == "200"
        assert intake.outside().unfinished._left == before

    play(scene, intake=intake)
    assert BOUNDS.http2 > 10 << 20


def test_more_headers_than_a_request_has_are_refused() -> None:
    async def scene(client: Client) -> None:
        many = client.ask(head=[*HEAD, *[("a", "b")] * http2.MAX_HEADERS])
        await client.until(lambda: many in client.ended)
        assert client.heads[many][":status"] == "431"
        good = client.ask()
        await client.until(lambda: good in client.ended)
        assert client.heads[good][":status"] == "200"

    play(scene)


def test_who_takes_back_what_it_asks_for_ever_is_sent_away() -> None:
    """Rapid reset."""
    began = 0

    async def slow(request: Request) -> Response:
        nonlocal began
        began += 1
        await asyncio.sleep(60)
        return Response(200, [], b"")

    async def scene(client: Client) -> None:
        for _ in range(http2.IDLE_FRAMES + 500):
            number = client.ask()
            client.state.reset_stream(number)
            client.writer.write(client.state.data_to_send())
        await client.cut()
        assert began <= http2.IDLE_FRAMES

    play(scene, slow)


def test_now_and_then_anything_may_be_taken_back() -> None:
    async def scene(client: Client) -> None:
        for _ in range(50):
            taken_back = client.ask(b"x")
            client.state.reset_stream(taken_back)
        good = client.ask()
        await client.until(lambda: good in client.ended)
        assert client.heads[good][":status"] == "200"

    play(scene)


def test_headers_without_end_close_the_connection() -> None:
    """CONTINUATION frames, each of them small, that never say END_HEADERS (CVE-2024-27316)."""

    async def scene(client: Client) -> None:
        number = 1
        client.writer.write(client.state.data_to_send() + HeadersFrame(number, b"\x82").serialize())
        for _ in range(10_000):
            client.writer.write(ContinuationFrame(number, b"\x40\x01a\x01b").serialize())
        await client.cut()

    play(scene)


@pytest.mark.parametrize(
    "frame",
    [
        PingFrame(0, b"12345678"),
        SettingsFrame(0, settings={4: 70_000}),
        PriorityFrame(1, depends_on=3, stream_weight=9),
    ],
)
def test_a_flood_of_frames_that_bring_nothing_ends_the_connection(frame: Frame) -> None:
    async def scene(client: Client) -> None:
        client.writer.write(client.state.data_to_send() + frame.serialize() * 200_000)
        await client.cut()

    play(scene)
