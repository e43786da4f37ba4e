"""Subscribing and delivering, with real sockets: the listeners stand where an extension's would."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from lambent.environments.telemetry import PATIENCE, Patience, Telemetry
from lambent.model.function import FunctionVersion
from lambent.model.scope import Scope
from lambent.observe.journal import Journal
from lambent.observe.report import Report
from lambent.runtime_api.conversation import Refusal
from lambent.sandbox.errors import SandboxGone
from tests.unit.waiting import turns, until

FUNCTION = FunctionVersion(
    Scope("000000000000", "us-east-1"), "f", "$LATEST", "python3.12", "h", "code", "role", "revision"
)
PATH = "/2022-07-01/telemetry"
HEADERS = {"lambda-extension-identifier": "id"}


class Listener:
    """An extension's HTTP listener: `statuses` are answered one after the other, then 200."""

    def __init__(self, close: bool = False) -> None:
        self.records: list[dict[str, Any]] = []
        self.requests = 0
        self.connections = 0
        self.statuses: list[int] = []
        self.answers = asyncio.Event()
        self.answers.set()
        self._close = close

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                body = await reader.readexactly(length)
                await self.answers.wait()
                self.requests += 1
                status = self.statuses.pop(0) if self.statuses else 200
                if status == 200:
                    self.records += json.loads(body)
                writer.write(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status)
                if self._close:
                    break
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    def kinds(self) -> list[str]:
        return [record["type"] for record in self.records]


class Scene:
    """A journal, its telemetry, and one listener."""

    def __init__(self, journal: Journal, telemetry: Telemetry, listener: Listener, port: int) -> None:
        self.journal = journal
        self.telemetry = telemetry
        self.listener = listener
        self.port = port
        self.lines: list[str] = []

    def subscribe(self, path: str = PATH, timeout_ms: int = 30_000, **more: Any) -> tuple[int, dict[str, Any] | str]:
        body = {
            "schemaVersion": "2022-07-01",
            "types": ["platform", "function", "extension"],
            "buffering": {"timeoutMs": timeout_ms},
            "destination": {"protocol": "HTTP", "URI": f"http://sandbox:{self.port}"},
            **more,
        }
        status, _, answer = self.telemetry.handle("PUT", path, HEADERS, json.dumps(body).encode())
        return status, json.loads(answer)


@asynccontextmanager
async def scene(
    listener: Listener | None = None, refusals: int = 0, patience: Patience = PATIENCE
) -> AsyncIterator[Scene]:
    listener = listener or Listener()
    left = [refusals]

    async def connect(port: int) -> socket.socket:
        if left[0]:
            left[0] -= 1
            raise ConnectionRefusedError("nobody listens")
        sock = socket.create_connection(("127.0.0.1", port))
        sock.setblocking(False)
        return sock

    def identify(identifier: str) -> str | Refusal:
        return "ext" if identifier == "id" else Refusal(403, "Extension.UnknownExtensionIdentifier", "Unknown")

    server = await asyncio.start_server(listener.serve, "127.0.0.1", 0)
    journal = Journal(FUNCTION, "0" * 32, lambda: 100.0, lambda function, name: lambda ms, message: None)
    telemetry = Telemetry(
        journal, identify, connect, time.monotonic, lambda: 100.0, asyncio.get_running_loop().create_task, patience
    )
    try:
        yield Scene(journal, telemetry, listener, server.sockets[0].getsockname()[1])
    finally:
        telemetry.close()
        journal.close()
        server.close()
        await asyncio.sleep(0)


def run(body: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(10):
            await body()
        await until(lambda: not asyncio.all_tasks() - {asyncio.current_task()})

    asyncio.run(limited())


def test_a_subscriber_gets_what_was_before_it_and_what_comes() -> None:
    async def body() -> None:
        async with scene() as at:
            at.journal.init_start("python:3.12.v1", "arn")
            assert at.subscribe() == (200, "OK")
            at.journal.start("r")
            at.journal.end(Report("r", 1.0, 128, 40))
            assert at.telemetry.pending
            await at.telemetry.flush()
            assert not at.telemetry.pending
            assert at.listener.kinds() == [
                "platform.initStart",
                "platform.telemetrySubscription",
                "platform.start",
                "platform.runtimeDone",
                "platform.report",
            ]
            assert at.listener.requests == 1

    run(body)


def test_a_batch_goes_by_itself_when_it_is_old_enough() -> None:
    async def body() -> None:
        async with scene() as at:
            at.subscribe(timeout_ms=25)
            await until(lambda: bool(at.listener.records))
            at.journal.start("r")
            await until(lambda: len(at.listener.records) == 2)
            assert at.listener.connections == 1

    run(body)


def test_the_logs_api_has_its_own_records() -> None:
    async def body() -> None:
        async with scene() as at:
            assert at.subscribe("/2020-08-15/logs", schemaVersion="2020-08-15") == (200, "OK")
            at.journal.start("r")
            at.journal.end(Report("r", 1.0, 128, 40))
            await at.telemetry.flush()
            assert at.listener.kinds() == [
                "platform.logsSubscription",
                "platform.start",
                "platform.end",
                "platform.report",
            ]

    run(body)


def test_what_can_not_be_delivered_is_tried_again() -> None:
    async def body() -> None:
        async with scene(refusals=2, patience=Patience(pauses=(0.001,) * 5)) as at:
            at.listener.statuses = [500, 503]
            at.subscribe()
            await at.telemetry.flush()
            assert at.listener.kinds() == ["platform.telemetrySubscription"]

    run(body)


def test_what_is_lost_is_told() -> None:
    async def body() -> None:
        async with scene(patience=Patience(pauses=(0.001,))) as at:
            at.listener.statuses = [500, 500]
            at.subscribe()
            await at.telemetry.flush()
            await at.telemetry.flush()
            assert [record["record"]["droppedRecords"] for record in at.listener.records] == [1]
            assert at.listener.kinds() == ["platform.logsDropped"]

    run(body)


def test_a_listener_that_closes_its_connections_is_served_too() -> None:
    async def body() -> None:
        async with scene(Listener(close=True)) as at:
            at.subscribe()
            for number in range(3):
                at.journal.start(f"r{number}")
                await at.telemetry.flush()
            assert at.listener.kinds() == ["platform.telemetrySubscription"] + ["platform.start"] * 3

    run(body)


def test_a_flush_waits_no_longer_than_it_may_and_no_time_passes_frozen() -> None:
    async def body() -> None:
        async with scene(patience=Patience(answer=0.05)) as at:
            at.listener.answers.clear()
            at.subscribe()
            await at.telemetry.flush(0.02)
            assert at.telemetry.pending
            at.telemetry.freeze()
            await asyncio.sleep(0.1)  # longer than its patience, which is real time
            at.telemetry.thaw()
            at.listener.answers.set()
            await at.telemetry.flush()
            assert at.listener.kinds() == ["platform.telemetrySubscription"]
            assert at.listener.requests == 1

    run(body)


def test_tcp_gets_lines_on_one_connection() -> None:
    async def body() -> None:
        lines: list[bytes] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            lines.append(b"connected")
            while line := await reader.readline():
                lines.append(line)
            writer.close()

        async with scene() as at:
            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            at.subscribe(destination={"protocol": "TCP", "port": port})
            for request in ("a", "b"):
                at.journal.start(request)
                await at.telemetry.flush()
            await until(lambda: len(lines) == 4)
            assert [json.loads(line)["type"] for line in lines[1:]] == [
                "platform.telemetrySubscription",
                "platform.start",
                "platform.start",
            ]
            server.close()

    run(body)


def test_who_may_not_subscribe() -> None:
    async def body() -> None:
        async with scene() as at:
            handle = at.telemetry.handle
            assert handle("PUT", PATH, {"lambda-extension-identifier": "x"}, b"{}")[0] == 403
            assert handle("GET", PATH, HEADERS, b"")[0] == 405
            assert json.loads(handle("PUT", PATH, HEADERS, b"{}")[2])["errorType"] == "ValidationError"
            assert at.subscribe() == (200, "OK")
            assert at.subscribe() == (200, "OK"), "subscribing is idempotent"
            status, answer = at.subscribe("/2020-08-15/logs", schemaVersion="2020-08-15")
            assert (status, answer["errorType"]) == (400, "Logs.ValidationError")  # type: ignore[index]
            at.telemetry.turn_off()
            status, answer = at.subscribe(path=f"{PATH}/")
            assert (status, answer["errorType"]) == (403, "Telemetry.SubscriptionClosed")  # type: ignore[index]

    run(body)


def test_another_init_phase_begins_without_subscribers() -> None:
    async def body() -> None:
        async with scene() as at:
            at.subscribe()
            at.telemetry.turn_off()
            at.telemetry.clear()
            assert not at.telemetry.pending
            at.journal.init_start("python:3.12.v1", "arn", "invoke")
            assert at.subscribe() == (200, "OK")
            await at.telemetry.flush()
            assert at.listener.kinds() == ["platform.initStart", "platform.telemetrySubscription"]

    run(body)


def test_an_environment_that_is_gone_is_the_end_of_it() -> None:
    async def body() -> None:
        async with scene() as at:

            async def connect(port: int) -> socket.socket:
                raise SandboxGone("gone")

            at.telemetry._connect = connect
            at.subscribe()
            await at.telemetry.flush()

    run(body)


def test_a_subscriber_that_never_answers_holds_little_and_stops_nobody() -> None:
    async def body() -> None:
        async with scene() as at:
            at.listener.answers.clear()
            at.subscribe()
            for _ in range(5000):
                at.journal._on_line("function", 0, "x" * 1000)
            await turns()
            delivery = at.telemetry._deliveries["ext"]
            held = delivery.buffer._current.size + sum(batch.size for batch in delivery.buffer._ready)
            assert held < 600_000
            at.listener.answers.set()
            await at.telemetry.flush(5)
            await at.telemetry.flush(5)
            got = at.listener.kinds().count("function")
            lost = sum(
                record["record"]["droppedRecords"] for record in at.listener.records if "Dropped" in record["type"]
            )
            assert got + lost == 5000

    run(body)
