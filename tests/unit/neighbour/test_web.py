"""What is posted to subscribers on the web, and where it is not."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from lambent import outward
from lambent.model.delivery import Delivery, DeliveryFailed
from lambent.model.scope import Scope
from lambent.neighbour import web
from lambent.neighbour.outbox import Outbox
from lambent.wire.http import Request, Response


async def nobody(_request: Request) -> Response:
    raise AssertionError("the endpoint was asked")


def posted(status: int, allow: Callable[[int], list[str]]) -> bytes:
    """What a subscriber that answers `status` was sent; `allow` makes the setting of its port."""
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"body"))
        writer.write(f"HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]

        async def post(*arguments: Any) -> None:
            await web.post(outward.read(allow(port)), *arguments)

        target, attributes = f"http://127.0.0.1:{port}/a?b=%2F", {"x-h": ("String", "v")}
        delivery = Delivery(Scope(), target, b"body", "", "arn", "", attributes=attributes)
        try:
            await Outbox(nobody, post)(delivery)
        finally:
            server.close()
            await server.wait_closed()

    try:
        asyncio.run(run())
    except DeliveryFailed:
        assert len(seen) == (1 if allow(1) else 0)
        raise
    return seen[0]


def test_it_is_sent_as_it_is_with_its_headers() -> None:
    said = posted(204, lambda port: [f"127.0.0.1:{port}"])
    assert said.startswith(b"POST /a?b=%2F HTTP/1.1\r\n")
    assert b"\r\nx-h: v\r\n" in said


@pytest.mark.parametrize(("status", "passing"), [(500, True), (429, True), (404, False), (302, True)])
def test_another_answer_is_a_failure_and_no_redirect_is_followed(status: int, passing: bool) -> None:
    with pytest.raises(DeliveryFailed, match=str(status)) as caught:
        posted(status, lambda port: [f"127.0.0.1:{port}"])
    assert caught.value.passing is passing


def test_this_machine_is_not_reached_unless_it_is_listed() -> None:
    with pytest.raises(DeliveryFailed, match="the setting reach does not list") as caught:
        posted(200, lambda _port: [])
    assert not caught.value.passing


def test_what_is_no_url_is_a_failure() -> None:
    with pytest.raises(DeliveryFailed):
        asyncio.run(web.post(outward.NOTHING_MORE, "http://", {}, b""))
