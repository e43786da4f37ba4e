"""What moto reaches of Lambent: the requests of Step Functions' tasks, and nothing else."""

import asyncio
import socket
from pathlib import Path

import pytest

from lambent.neighbour import unix
from lambent.server.hatch import Hatch, Task
from lambent.wire.http import Request, Response
from tests.unit.waiting import until

TASKS = "/_lambent/tasks"


ACCOUNT = "111111111111"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
PLAIN = {
    "host": "elsewhere",
    "authorization": f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/20260101/us-east-1/lambda/aws4_request",
}
SIGNED = {**PLAIN, "x-lambent-role": ROLE, "x-lambent-session": "s"}


async def take(_request: Request, _task: Task) -> Response:
    return Response(202)


async def fail(_request: Request, _task: Task) -> Response:
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
    asked: list[tuple[Request, Task]] = []

    async def answer(request: Request, task: Task) -> Response:
        asked.append((request, task))
        return Response(200)

    one = Hatch(Path("/nowhere"))

    def status(path: str, headers: dict[str, str]) -> int:
        return asyncio.run(one.answer(Request("POST", path, "a=b", headers, b"{}"))).status

    path = "/2015-03-31/functions/f/invocations"
    assert status(f"{TASKS}{path}", SIGNED) == 503
    one.tasks = answer
    assert status(f"{TASKS}{path}", SIGNED) == 200
    assert asked == [(Request("POST", path, "a=b", {**PLAIN, "host": "127.0.0.1"}, b"{}"), Task(ROLE, "s"))]
    for no, headers in ((path, SIGNED), (f"{TASKS}{path}", {}), (TASKS, SIGNED), (f"{TASKS}x", SIGNED)):
        assert status(no, headers) == 403
    for page in ("/_lambent/clock", "/_lambent/../_lambent/clock", "/moto-api/reset", "//moto-api/reset"):
        assert status(f"{TASKS}{page}", SIGNED) == 403
    assert len(asked) == 1


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"x-lambent-role": "arn:aws:iam::222222222222:role/r"},
        {"x-lambent-role": "admin"},
        {"x-lambent-role": ROLE, "x-lambent-machine-role": "arn:aws:iam::222222222222:role/r"},
    ],
)
def test_nobody_asks_without_a_role_of_the_account(named: dict[str, str]) -> None:
    one = Hatch(Path("/nowhere"))
    one.tasks = take
    assert asyncio.run(one.answer(Request("POST", f"{TASKS}/", headers={**PLAIN, **named}))).status == 403


def test_it_outlives_an_answer_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    one = Hatch(Path("/nowhere"))
    one.tasks = fail
    assert asyncio.run(one.answer(Request("POST", f"{TASKS}/", headers=SIGNED))).status == 500
    assert "was not answered" in caplog.text


def test_so_many_connections_and_no_more(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 40)  # longer than a socket's address
    folder.mkdir()

    def ask(sock: socket.socket) -> bytes:
        signed = "\r\n".join(f"{name}: {value}" for name, value in SIGNED.items()).encode()
        sock.sendall(b"POST /_lambent/tasks/ HTTP/1.1\r\nContent-Length: 0\r\n" + signed + b"\r\n\r\n")
        return sock.recv(12)

    def rest(sock: socket.socket) -> bytes:
        return b"".join(iter(lambda: sock.recv(1 << 10), b""))

    async def run() -> None:
        one = Hatch(folder / "hatch", connections=2)
        one.tasks = take
        await one.open()
        socks = [await asyncio.to_thread(unix.connect, one.path, 5) for _ in range(2)]
        assert [await asyncio.to_thread(ask, sock) for sock in socks] == [b"HTTP/1.1 202"] * 2
        socks.append(await asyncio.to_thread(unix.connect, one.path, 5))
        assert await asyncio.to_thread(ask, socks[2]) == b"HTTP/1.1 202"
        assert (await asyncio.to_thread(rest, socks[0])).endswith(b"\r\n\r\n"), (
            "the one that is idle longest makes room"
        )
        for sock in socks[1:]:
            sock.sendall(b"POST /_lambent/tasks/ HTTP/1.1\r\n")
        await until(lambda: len(one._door.half) == 2)
        socks.append(await asyncio.to_thread(unix.connect, one.path, 5))
        assert await asyncio.to_thread(rest, socks[3]) == b"", "and nobody does that is asking"
        await one.close()
        for sock in socks:
            sock.close()

    asyncio.run(run())
    assert list(folder.iterdir()) == []
