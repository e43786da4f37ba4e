"""Servers on the web that integrations and authorizers ask: which are reached, and how much of them is read."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from lambent import outward
from lambent.server.api_ports import MOST_BYTES, Web

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def asked(answer: bytes, url: str, allow: Callable[[int], list[str]], endless: bool = False) -> tuple[Any, int]:
    """What came of asking a server of this machine, and how many connections it got. `{}` in `url` is its port."""
    seen = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        seen += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        try:
            while endless:
                writer.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    async def run() -> Any:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        web = Web(outward.read(allow(port)))
        try:
            return await web("GET", url.format(port), [], b"", 5)
        except OSError as error:
            return error
        finally:
            await web.close()
            server.close()

    return asyncio.run(run()), seen


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f.1",
        "127.0.0.1.",
        "LOCALHOST",
    ],
)
def test_this_machine_is_not_reached_by_any_of_its_names(host: str) -> None:
    said, seen = asked(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", f"http://{host}:{{}}/", lambda _port: [])
    assert isinstance(said, OSError)
    assert seen == 0


def test_what_is_listed_is_reached() -> None:
    said, _ = asked(
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "http://127.0.0.1:{}/", lambda p: [f"127.0.0.1:{p}"]
    )
    assert (said[0], said[2]) == (200, b"hi")


def test_a_redirect_is_handed_on_and_not_followed() -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    said, seen = asked(answer, "http://127.0.0.1:{}/", lambda p: [f"127.0.0.1:{p}"])
    assert (said[0], seen) == (302, 1)


def test_a_name_that_means_something_else_when_it_is_asked_again_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the address that is connected to is the one that is looked at."""
    asked_for: list[str] = []

    def resolved(host: str, port: Any, *arguments: Any, **options: Any) -> list[Any]:
        asked_for.append(host)
        address = "93.184.216.34" if len(asked_for) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    socket.getaddrinfo("rebinding.example", 80)  # whoever looks at the name before
    said, seen = asked(b"", "http://rebinding.example:{}/", lambda _port: [])
    assert isinstance(said, PermissionError)
    assert (asked_for[-1], seen) == ("rebinding.example", 0)


@pytest.mark.parametrize("encoding", [b"", b"Content-Encoding: gzip\r\n"])
def test_an_answer_without_end_is_given_up(encoding: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + encoding + b"\r\n"
    said, _ = asked(head, "http://127.0.0.1:{}/", lambda p: [f"127.0.0.1:{p}"], endless=True)
    assert f"more than {MOST_BYTES} bytes" in str(said)


def test_the_library_says_nothing_for_itself() -> None:
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        web = Web(outward.read([f"127.0.0.1:{port}"]))
        await web("GET", f"http://127.0.0.1:{port}/a", [("X-A", "1")], b"", 5)
        await web.close()
        server.close()

    asyncio.run(run())
    names = [line.partition(b":")[0].lower() for line in heads[0].split(b"\r\n")[1:] if line]
    assert sorted(names) == [b"host", b"x-a"]
