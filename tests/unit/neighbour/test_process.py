"""The process's keeper, with stand-ins for moto that are quick."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from lambent.model.scope import Caller, Scope
from lambent.neighbour import life
from lambent.neighbour.endpoints import Endpoints
from lambent.neighbour.holdings import Holdings
from lambent.neighbour.life import Bare
from lambent.neighbour.neighbour import Neighbour
from lambent.neighbour.process import MotoProcess, State
from lambent.wire.fault import Fault
from lambent.wire.http import Request

READY = "import os; os.write(1, b'ready\\n'); os.read(0, 1)"
DIES = "import sys; sys.exit('no such thing')"
ACCEPTS = """
import os, socket, sys
listening, taken = socket.socket(fileno=int(sys.argv[1])), []
os.write(1, b"ready\\n")
while True:
    taken.append(listening.accept())
"""
SILENT = "import os; os.read(0, 1)"
CALLER = Caller(Scope(), "id")
TABLES = Request("POST", "/", "", {"x-amz-target": "DynamoDB_20120810.ListTables"}, b"{}")


def with_process(
    tmp_path: Path, program: str, body: Callable[[MotoProcess], Awaitable[None]], back_off: float = 30.0
) -> None:
    (tmp_path / "stand_in.py").write_text(program)

    async def run() -> None:
        moto = MotoProcess(Bare(tmp_path / "stand_in.py"), tmp_path, back_off=(back_off,))
        try:
            await body(moto)
        finally:
            await moto.close()
            await moto.close()
        assert moto.pid is None

    asyncio.run(run())


def test_it_is_ready_when_it_says_so(tmp_path: Path) -> None:
    async def body(moto: MotoProcess) -> None:
        assert not await moto.wait_ready(1)
        moto.start()
        moto.start()
        assert await moto.wait_ready(20)
        assert (moto.state, moto.starts) == (State.READY, 1)

    with_process(tmp_path, READY, body)


def test_why_it_died_is_told(tmp_path: Path) -> None:
    async def body(moto: MotoProcess) -> None:
        moto.start()
        assert not await moto.wait_ready(20)
        assert moto.state is State.DEAD
        assert moto.reason == "it ended with exit status 1 (no such thing)"
        with pytest.raises(Fault) as caught:
            await Neighbour(moto=moto).forward(Request("GET", "/"), CALLER, "s3")
        assert (caught.value.code, caught.value.status) == ("ServiceUnavailable", 503)
        assert "no such thing" in (caught.value.message or "")

    with_process(tmp_path, DIES, body)


def test_it_is_started_again(tmp_path: Path) -> None:
    async def body(moto: MotoProcess) -> None:
        moto.start()
        while moto.starts < 3:
            await moto.wait_ready(20)
            await asyncio.sleep(0)

    with_process(tmp_path, DIES, body, back_off=0.0)


def test_a_moto_that_answers_nobody_is_ended(tmp_path: Path) -> None:
    (tmp_path / "stand_in.py").write_text(ACCEPTS)

    async def risen() -> None:
        pass

    async def run() -> None:
        moto = MotoProcess(Bare(tmp_path / "stand_in.py"), tmp_path, back_off=(0.0,), pulse=(0.01, 0.1))
        neighbour = Neighbour(moto=moto)
        moto.risen = risen  # the stand-in can't be given anything back
        moto.start()
        assert await moto.wait_ready(20)
        await asyncio.sleep(0.3)
        assert moto.starts == 1  # nobody has asked it anything
        try:
            with pytest.raises(Fault, match="did not answer"):
                await neighbour.forward(TABLES, CALLER, "dynamodb")
            async with asyncio.timeout(20):
                while moto.starts < 2:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            assert moto.reason == "it answered nobody for 0 seconds and was ended"
        finally:
            await neighbour.close()

    asyncio.run(run())


def test_moto_is_started_when_it_is_asked_first(tmp_path: Path) -> None:
    async def body(moto: MotoProcess) -> None:
        neighbour = Neighbour(moto=moto)
        await neighbour.start()
        assert neighbour.status()["state"] == "not started"
        with pytest.raises(Fault, match="no such thing"):
            await neighbour.forward(TABLES, CALLER, "dynamodb")
        await neighbour.close()
        with pytest.raises(Fault, match="is gone"):
            await neighbour.forward(TABLES, CALLER, "dynamodb")
        assert moto.starts == 1

    with_process(tmp_path, DIES, body)


def test_what_moto_held_is_given_back_before_anybody_asks(tmp_path: Path) -> None:
    (tmp_path / "held.json").write_text('{"held": ["ssm"], "lost": {}}')

    async def body(moto: MotoProcess) -> None:
        await Neighbour(moto=moto, holdings=Holdings(tmp_path / "held.json")).start()
        assert moto.state is State.STARTING

    with_process(tmp_path, SILENT, body)


def test_a_moto_that_can_not_be_started_is_told_of(tmp_path: Path) -> None:
    async def run() -> None:
        with pytest.raises(Fault, match="which answers dynamodb, can't be started: No such file") as caught:
            await Neighbour(moto=MotoProcess(folder=tmp_path / "none")).forward(TABLES, CALLER, "dynamodb")
        assert caught.value.status == 503

    asyncio.run(run())


def test_waiting_has_an_end(tmp_path: Path) -> None:
    async def body(moto: MotoProcess) -> None:
        moto.start()
        assert not await moto.wait_ready(0.05)
        assert moto.state is State.STARTING

    with_process(tmp_path, SILENT, body)


def test_its_environment_holds_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    environment = life.environment()
    assert "secret" not in environment.values()
    assert environment["AWS_SECRET_ACCESS_KEY"] == "moto"


def test_endpoints_by_service() -> None:
    endpoints = Endpoints({"s3": "http://minio:9000/"})
    assert endpoints.choose("s3") == "http://minio:9000"
    assert endpoints.choose("sqs") is None


def test_an_endpoint_that_does_not_answer_is_named() -> None:
    async def run() -> None:
        neighbour = Neighbour({"s3": "http://127.0.0.1:1"})
        try:
            with pytest.raises(Fault, match=r"endpoint of s3, http://127\.0\.0\.1:1,"):
                await neighbour.forward(Request("GET", "/b"), CALLER, "s3")
        finally:
            await neighbour.close()

    asyncio.run(run())


def test_an_endpoint_gets_the_request_as_it_came() -> None:
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        seen.append(await reader.readexactly(3))
        writer.write(b"HTTP/1.1 201 Created\r\nX-A: 1\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        neighbour = Neighbour({"s3": f"http://127.0.0.1:{port}"})
        headers = {"host": "h:4566", "content-encoding": "aws-chunked", "x-amz-meta-a": "Ã¤"}
        request = Request("PUT", "/b//a%2F%C3%BC+%7e/../x", "x=%2F+&y", headers, b"abc")
        answer = await neighbour.forward(request, CALLER, "s3")
        assert (answer.status, answer.headers, answer.body) == (
            201,
            [("X-A", "1"), ("Content-Encoding", "gzip")],
            b"ok",
        )
        await neighbour.close()
        server.close()
        await server.wait_closed()

    asyncio.run(run())
    head, body = seen
    lines = head.split(b"\r\n")
    assert lines[0] == b"PUT /b//a%2F%C3%BC+%7e/../x?x=%2F+&y HTTP/1.1"
    assert {line.lower() for line in lines[1:] if line} == {
        b"host: h:4566",
        b"content-encoding: aws-chunked",
        b"x-amz-meta-a: \xc3\xa4",
        b"content-length: 3",
        b"connection: close",
    }
    assert body == b"abc"


def test_motos_settings_are_passed_on_and_credentials_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MOTO_IAM_LOAD_MANAGED_POLICIES", raising=False)
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "7")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    given = life.environment()
    assert (given["MOTO_S3_DEFAULT_MAX_KEYS"], given["MOTO_IAM_LOAD_MANAGED_POLICIES"]) == ("7", "true")
    assert given["AWS_SECRET_ACCESS_KEY"] == "moto"
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
    assert life.environment()["MOTO_IAM_LOAD_MANAGED_POLICIES"] == "false"


def test_it_is_ready_when_it_has_risen_and_not_when_it_ended_meanwhile(tmp_path: Path) -> None:
    states: list[State] = []

    async def body(moto: MotoProcess) -> None:
        async def risen() -> None:
            states.append(moto.state)
            if moto.starts == 1:
                assert moto.pid is not None
                os.kill(moto.pid, signal.SIGKILL)
                raise OSError("gone")

        moto.risen = risen
        moto.start()
        while moto.state is not State.READY:
            await moto.wait_ready(20)
            await asyncio.sleep(0)
        assert moto.starts == 2

    with_process(tmp_path, READY, body, back_off=0.0)
    assert states == [State.STARTING, State.STARTING]
