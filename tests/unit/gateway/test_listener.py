"""The HTTP listener over real sockets."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from lambent.gateway.listener import MAX_HEAD, Listener, Respond
from lambent.wire.http import Request, Response, Stream


async def echo(request: Request) -> Response:
    body = f"{request.method} {request.path} {request.query} ".encode() + request.body
    return Response(200, [("X-Seen", request.headers.get("x-a", ""))], body)


def nothing(request: Request, respond: Respond) -> bool:
    return False


def talk(
    sent: bytes,
    chain: Callable[[Request], Awaitable[Response]] = echo,
    short: Callable[[Request, Respond], bool] = nothing,
    pieces: int = 1,
) -> bytes:
    """Send `sent` in `pieces` on one connection, half-close, and answer everything that comes back."""

    async def run() -> bytes:
        listener = Listener(chain, short)
        door = socket.create_server(("127.0.0.1", 0))
        await listener.serve(door)
        reader, writer = await asyncio.open_connection(*door.getsockname())
        size = max(1, len(sent) // pieces)
        for at in range(0, len(sent), size):
            writer.write(sent[at : at + size])
            await writer.drain()
            await asyncio.sleep(0)
        received = b""
        try:
            while chunk := await asyncio.wait_for(reader.read(1 << 16), 0.3):
                received += chunk
        except TimeoutError:
            pass
        writer.close()
        await listener.close()
        return received

    return asyncio.run(run())


def test_a_request_is_answered_with_its_parts() -> None:
    answer = talk(b"POST /a%2Fb?x=1 HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 3\r\n\r\nabc")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\nDate: ")
    assert b"X-Seen: 1, 2\r\n" in answer
    assert answer.endswith(b"\r\n\r\nPOST /a%2Fb x=1 abc")


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (b"http://other:80/a?x=1", b"GET /a x=1 other:80 other:80"),
        (b"HTTPS://other", b"GET /  other other"),
        (b"http://other?x=1", b"GET / x=1 other other"),
        (b"/http://other/", b"GET /http://other/  h h"),
        (b"*", b"GET *  h h"),
    ],
)
def test_a_target_in_absolute_form_names_the_host(target: bytes, told: bytes) -> None:
    async def chain(request: Request) -> Response:
        line = next(value for name, value in request.lines if name == b"Host").decode()
        return Response(200, [], f"GET {request.path} {request.query} {request.headers['host']} {line}".encode())

    answer = talk(b"GET %b HTTP/1.1\r\nHost: h\r\n\r\n" % target, chain)
    assert answer.endswith(b"\r\n\r\n" + told)


def test_a_value_ends_no_header() -> None:
    async def chain(request: Request) -> Response:
        return Response(200, [("X-Told", "a\r\nX-Own: b\nX-Own: c\0"), ("X-Name\r\nX-More", "d")])

    answer = talk(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", chain)
    assert b"\r\nX-Told: a  X-Own: b X-Own: c \r\n" in answer
    assert b"\r\nX-Name  X-More: d\r\n" in answer


def test_a_request_in_many_pieces_is_one_request() -> None:
    answer = talk(b"PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", pieces=40)
    assert answer.count(b"HTTP/1.1 200") == 1
    assert answer.endswith(b"PUT /k  hello")


def test_a_chunked_body_is_joined() -> None:
    answer = talk(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
    assert answer.endswith(b"POST /  abc")


def test_a_trailer_is_no_header() -> None:
    head = b"POST / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = talk(head + b"2\r\nab\r\n0\r\nX-A: 2\r\nHost: evil\r\n\r\n")
    assert b"X-Seen: 1\r\n" in answer
    assert answer.endswith(b"POST /  ab")


def test_pipelined_requests_are_answered_in_order() -> None:
    one = b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n"
    answer = talk(b"".join(one % n for n in range(40)))
    positions = [answer.find(b"GET /%d " % n) for n in range(40)]
    assert all(position > 0 for position in positions)
    assert positions == sorted(positions)


def test_a_client_that_expects_is_told_to_continue() -> None:
    answer = talk(b"PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx")
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


def test_head_has_a_length_and_no_body() -> None:
    answer = talk(b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
    assert b"Content-Length: 8\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_a_stream_is_sent_in_chunks() -> None:
    async def stream(request: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b"one"
            yield b""
            yield b"three"

        return Response(200, [], parts())

    answer = talk(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", stream)
    assert answer.endswith(b"Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n5\r\nthree\r\n0\r\n\r\n")


def test_the_short_road_answers_later_without_a_task() -> None:
    def short(request: Request, respond: Respond) -> bool:
        asyncio.get_running_loop().call_later(0.01, respond, Response(200, [], b"short"))
        return True

    answer = talk(b"GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", short=short)
    assert answer.count(b"short") == 2


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET http://h/ HTTP/1.1\r\n\r\n", 400),
        (b"GET http://u@h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"y" * (MAX_HEAD + 1) + b"\r\n\r\n", 431),
        (b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    ],
)
def test_what_is_not_acceptable_is_refused_and_closed(sent: bytes, status: int) -> None:
    answer = talk(sent)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"Connection: close\r\n" in answer


def test_of_http_1_0_a_host_is_not_asked() -> None:
    assert talk(b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def test_an_upgrade_is_not_made() -> None:
    answer = talk(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"Connection: close\r\n" in answer


def test_connection_close_is_honoured() -> None:
    answer = talk(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
    assert answer.count(b"HTTP/1.1") == 1
    assert b"Connection: close\r\n" in answer


def test_a_stream_that_fails_cuts_the_connection() -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"abc"
        raise RuntimeError("the function failed")

    async def chain(request: Request) -> Response:
        return Response(200, [], parts())

    answer = talk(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", chain)
    assert b"\r\n3\r\nabc\r\n" in answer
    assert not answer.endswith(b"0\r\n\r\n")


UPGRADE = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


def test_a_connection_is_handed_over() -> None:
    ended = []

    async def shout(stream: Stream) -> None:
        while said := await stream.read():
            await stream.write(said.upper())
        ended.append(True)

    async def chain(request: Request) -> Response:
        return Response(101, [("Upgrade", "websocket")], takeover=shout)

    answer = talk(UPGRADE + b"abc", chain, pieces=3)
    assert answer == b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nABC"
    assert ended


def test_who_speaks_http_1_0_is_handed_nothing() -> None:
    async def chain(request: Request) -> Response:
        return Response(200, [], b"plain")

    answer = talk(UPGRADE.replace(b"HTTP/1.1", b"HTTP/1.0") + b"abc", chain)
    assert answer.endswith(b"plain") and b"101" not in answer


@pytest.mark.parametrize(("body", "statuses"), [(b"", [b"200", b"200"]), (b"abc", [b"501"])])
def test_another_protocol_than_websocket_is_left_unnoticed(body: bytes, statuses: list[bytes]) -> None:
    head = b"GET /1 HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: %d\r\n\r\n" % len(
        body
    )
    answer = talk(head + body + b"GET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
    assert re.findall(rb"HTTP/1.1 (\d+) ", answer) == statuses


def test_who_asks_and_with_which_header_lines() -> None:
    async def chain(request: Request) -> Response:
        assert request.client is not None
        return Response(200, [], f"{request.client.address} {request.client.scheme} {list(request.lines)}".encode())

    answer = talk(b"GET / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: 2\r\n\r\n", chain)
    assert answer.endswith(b"127.0.0.1 http [(b'Host', b'h'), (b'X-A', b'1'), (b'x-a', b'2')]")
