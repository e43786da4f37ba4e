"""What moto reaches of Lambent: the requests of Step Functions' tasks, and nothing else."""

import asyncio
import socket
from pathlib import Path

import pytest

from lambent.neighbour import unix
from lambent.server import hatch
from lambent.server.hatch import Hatch
from lambent.wire.http import Request, Response

TASKS = "/_lambent/tasks"


SIGNED = {"host": "elsewhere", "authorization": "AWS4-HMAC-SHA256 Credential=1/20260101/us-east-1/lambda/aws4_request"}


async def take(_request: Request) -> Response:
    return Response(202)


async def fail(_request: Request) -> Response:
    raise ValueError


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", f"{TASKS}/2015-03-31/functions/f/invocations", 202),
        ("POST", "/_lambent/deliveries", 403),
        ("POST", "/", 403),
        ("GET", "/_lambent/health", 403),
        ("POST", "/2015-03-31/functions/f/invocations", 403),
    ],
)
def test_it_answers_tasks_alone(method: str, path: str, status: int) -> None:
    one = Hatch(Path("/nowhere"))
    one.tasks = take
    assert asyncio.run(one.answer(Request(method, path, headers=SIGNED))).status == status


def test_a_task_asks_what_is_signed_and_of_no_page_of_lambents() -> None:
    asked: list[Request] = []

    async def answer(request: Request) -> Response:
        asked.append(request)
        return Response(200)

    one = Hatch(Path("/nowhere"))

    def status(path: str, headers: dict[str, str]) -> int:
        return asyncio.run(one.answer(Request("POST", path, "a=b", headers, b"{}"))).status

    path = "/2015-03-31/functions/f/invocations"
    assert status(f"{TASKS}{path}", SIGNED) == 503
    one.tasks = answer
    assert status(f"{TASKS}{path}", SIGNED) == 200
    assert asked == [Request("POST", path, "a=b", {**SIGNED, "host": "127.0.0.1"}, b"{}")]
    for no, headers in ((path, SIGNED), (f"{TASKS}{path}", {}), (TASKS, SIGNED), (f"{TASKS}x", SIGNED)):
        assert status(no, headers) == 403
    for page in ("/_lambent/clock", "/_lambent/../_lambent/clock", "/moto-api/reset", "//moto-api/reset"):
        assert status(f"{TASKS}{page}", SIGNED) == 403
    assert len(asked) == 1


def test_it_outlives_an_answer_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    one = Hatch(Path("/nowhere"))
    one.tasks = fail
    assert asyncio.run(one.answer(Request("POST", f"{TASKS}/", headers=SIGNED))).status == 500
    assert "was not answered" in caplog.text


def test_so_many_connections_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hatch, "CONNECTIONS", 2)
    folder = tmp_path / ("long" * 40)  # longer than a socket's address
    folder.mkdir()

    def ask(sock: socket.socket) -> bytes:
        signed = f"Authorization: {SIGNED['authorization']}".encode()
        sock.sendall(b"POST /_lambent/tasks/ HTTP/1.1\r\nContent-Length: 0\r\n" + signed + b"\r\n\r\n")
        return sock.recv(12)

    async def run() -> None:
        one = Hatch(folder / "hatch")
        one.tasks = take
        await one.open()
        socks = [await asyncio.to_thread(unix.connect, one.path, 5) for _ in range(2)]
        assert [await asyncio.to_thread(ask, sock) for sock in socks] == [b"HTTP/1.1 202"] * 2
        third = await asyncio.to_thread(unix.connect, one.path, 5)
        assert await asyncio.to_thread(third.recv, 1) == b""
        await one.close()
        for sock in (*socks, third):
            sock.close()

    asyncio.run(run())
    assert list(folder.iterdir()) == []
