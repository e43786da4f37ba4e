"""The Runtime API server over real sockets, asked by hand-written HTTP."""

import asyncio
import base64
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvloop

from lambent.runtime_api import errors
from lambent.runtime_api.extensions import About, Extensions, Reply
from lambent.runtime_api.server import MAX_CONNECTIONS, RuntimeApi, RuntimeInvocation, invocation_head
from tests.unit.waiting import TURNS, turns

GET_NEXT = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"
LIMIT = errors.MAX_RESPONSE


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error_type(self) -> Any:
        return json.loads(self.body)["errorType"]


@dataclass
class Client:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, data: bytes) -> Answer:
        self.writer.write(data)
        return await self.answer()

    async def answer(self) -> Answer:
        head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 5)).decode()
        first, *lines = head.split("\r\n")[:-2]
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(first.split()[1]), headers, body)

    async def ended(self) -> bool:
        with contextlib.suppress(ConnectionError):
            return await asyncio.wait_for(self.reader.read(1), 5) == b""
        return True


@dataclass
class Here:
    """A RuntimeApi and what it reports."""

    said: list[tuple[Any, ...]] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)

    def on_next(self) -> None:
        self.said.append(("next",))

    def on_response(self, request_id: str, body: bytes, headers: dict[str, str]) -> None:
        self.said.append(("response", request_id, body, headers))

    def on_error(self, request_id: str, error_type: str, body: bytes) -> None:
        self.said.append(("error", request_id, error_type, body))

    def on_init_error(self, error_type: str, body: bytes) -> None:
        self.said.append(("init_error", error_type, body))

    def on_registered(self) -> None:
        self.said.append(("registered",))

    def on_joined(self) -> None:
        self.said.append(("joined",))

    def on_ready(self) -> None:
        self.said.append(("ready",))

    def on_restore_error(self, error_type: str, body: bytes) -> None:
        self.said.append(("restore_error", error_type, body))

    async def until(self, true: Callable[[], bool]) -> None:
        """Let the loop turn until it is."""
        for _ in range(10_000):
            if true():
                return
            await asyncio.sleep(0)
        raise AssertionError("it never was")

    async def connect(self) -> Client:
        client = Client(*await asyncio.open_connection(*self.address))
        self.clients.append(client)
        return client

    async def busy(self, request_id: str = "r-1", **more: Any) -> Client:
        """A client that has the invocation `request_id`."""
        client = await self.connect()
        self.api.deliver(invocation(b"{}", request_id, **more))
        assert (await client.ask(GET_NEXT)).status == 200
        self.said.clear()
        return client

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator["Here"]:
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setblocking(False)
        self.address = listener.getsockname()
        self.api = RuntimeApi(listener, self)
        try:
            yield self
        finally:
            self.api.close()
            for client in self.clients:
                client.writer.close()
                with contextlib.suppress(ConnectionError):
                    await client.writer.wait_closed()
            await turns()  # in which the loop closes transports


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Callable[[Here], Awaitable[None]]], None]:
    """Runs a test's coroutine with a RuntimeApi, on both event loops."""

    async def serve(test: Callable[[Here], Awaitable[None]]) -> None:
        async with Here().serving() as here:
            await test(here)

    return lambda test: request.param(serve(test))


def invocation(payload: bytes, request_id: str = "r-1", **more: Any) -> RuntimeInvocation:
    return RuntimeInvocation(request_id, payload, 1_700_000_000_000, "arn:f", "Root=1", **more)


def post(path: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"POST /2018-06-01/runtime/{path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def test_next_waits_until_an_invocation_is_delivered(run: Any) -> None:
    async def test(here: Here) -> None:
        client = await here.connect()
        client.writer.write(GET_NEXT)
        await here.until(lambda: bool(here.said))
        here.api.deliver(invocation(b'{"a": 1}', client_context='{"x":\n1}', cognito_identity="{}"))
        answer = await client.answer()
        assert (answer.status, answer.body) == (200, b'{"a": 1}')
        assert answer.headers == {
            "content-type": "application/json",
            "lambda-runtime-aws-request-id": "r-1",
            "lambda-runtime-deadline-ms": "1700000000000",
            "lambda-runtime-invoked-function-arn": "arn:f",
            "lambda-runtime-trace-id": "Root=1",
            "lambda-runtime-client-context": '{"x": 1}',
            "lambda-runtime-cognito-identity": "{}",
            "content-length": "8",
        }

    run(test)


def test_what_is_delivered_before_next_is_answered_when_it_comes(run: Any) -> None:
    async def test(here: Here) -> None:
        client = await here.busy()
        assert (await client.ask(post("invocation/r-1/response", b"1"))).status == 202
        here.api.deliver(invocation(b"2", "r-2"))
        assert (await client.ask(GET_NEXT)).headers["lambda-runtime-aws-request-id"] == "r-2"
        assert here.said == [("response", "r-1", b"1", {}), ("next",)]

    run(test)


def test_one_invocation_at_a_time(run: Any) -> None:
    async def test(here: Here) -> None:
        await here.busy()
        with pytest.raises(ValueError, match="r-1"):
            here.api.deliver(invocation(b"", "r-2"))

    run(test)


def test_response_and_error_on_a_kept_connection(run: Any) -> None:
    async def test(here: Here) -> None:
        client = await here.busy()
        answer = await client.ask(post("invocation/r-1/response", b"42", "Content-Type: application/json"))
        assert (answer.status, json.loads(answer.body)) == (202, {"status": "OK"})
        here.api.deliver(invocation(b"", "r-2"))
        await client.ask(GET_NEXT)
        error = post("invocation/r-2/error", b'{"x":1}', "Lambda-Runtime-Function-Error-Type: My.Type")
        assert (await client.ask(error)).status == 202
        assert here.said == [
            ("response", "r-1", b"42", {"content-type": "application/json"}),
            ("next",),
            ("error", "r-2", "My.Type", b'{"x":1}'),
        ]

    run(test)


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize(
    "headers",
    [
        (),
        ("Content-Type: application/json",),
        ("Lambda-Runtime-Function-Response-Mode: streaming",),
        ("Lambda-Runtime-Function-Response-Mode: other",),
        ("Lambda-Runtime-Function-Error-Type: E",),
        ("Expect: 100-continue",),
    ],
)
def test_what_is_sent_again_means_what_it_meant(run: Any, headers: tuple[str, ...], split: bool) -> None:
    """The second and third time nothing is parsed, unless it comes in parts."""

    async def body(here: Here) -> None:
        client = await here.connect()
        seen = []
        for number in range(3):
            request_id = f"00000000-0000-4000-8000-00000000000{number}"
            here.api.deliver(invocation(b"{}", request_id))
            assert (await client.ask(GET_NEXT)).status == 200
            late = post("invocation/00000000-0000-4000-8000-00000000000f/response", b"{}", *headers)
            refused = (await client.ask(late)).status if "Expect: 100-continue" not in headers else 400
            data = post(f"invocation/{request_id}/response", b"[1]", *headers)
            at = 120 if split else len(data)
            client.writer.write(data[:at])
            await turns(TURNS if split else 1)
            answer = await client.ask(data[at:])
            answer = await client.answer() if answer.status == 100 else answer
            seen.append((refused, answer.status, answer.body, [(*one[:1], *one[2:]) for one in here.said]))
            here.said.clear()
            if answer.status >= 400:
                assert (await client.ask(post(f"invocation/{request_id}/error", b"{}"))).status == 202
                here.said.clear()
        assert seen[0] == seen[1] == seen[2]
        assert seen[0][0] == 400

    run(body)


def test_a_familiar_answer_of_another_length_or_in_chunks(run: Any) -> None:
    async def body(here: Here) -> None:
        client = await here.connect()
        for number, sent in enumerate((b"[1]", b"[1]", b"[12]", b"", b"3\r\n[7]\r\n0\r\n\r\n")):
            request_id = f"00000000-0000-4000-8000-00000000000{number}"
            here.api.deliver(invocation(b"{}", request_id))
            assert (await client.ask(GET_NEXT)).status == 200
            data = post(f"invocation/{request_id}/response", sent)
            chunked = data.replace(b"Content-Length: 13", b"Transfer-Encoding: chunked")
            assert (await client.ask(chunked)).status == 202
            assert here.said[-1][:3] == ("response", request_id, b"[7]" if chunked != data else sent)
        client.writer.write(GET_NEXT[:20])
        await turns()
        here.api.deliver(invocation(b"last"))
        assert (await client.ask(GET_NEXT[20:])).body == b"last"

    run(body)


def test_requests_in_any_split(run: Any) -> None:
    async def test(here: Here) -> None:
        data = post("invocation/r-1/response", b"x" * 50, "Content-Type: text/plain")
        for size in (1, 7, 64):
            client = await here.busy()
            for start in range(0, len(data), size):
                client.writer.write(data[start : start + size])
                await client.writer.drain()
                await asyncio.sleep(0)
            assert (await client.answer()).status == 202
            assert here.said == [("response", "r-1", b"x" * 50, {"content-type": "text/plain"})]
            here.api.reset()

    run(test)


def test_a_chunked_streamed_response(run: Any) -> None:
    head = (
        b"POST /2018-06-01/runtime/invocation/r-1/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
        b"Lambda-Runtime-Function-Response-Mode: streaming\r\n"
        b"Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n"
        b"3\r\nabc\r\n2\r\nde\r\n0\r\n"
    )
    told = base64.b64encode(b'{"errorMessage":"midway"}')
    trailer = b"Lambda-Runtime-Function-Error-Type: E\r\nLambda-Runtime-Function-Error-Body: " + told + b"\r\n\r\n"

    async def test(here: Here) -> None:
        client = await here.busy()
        assert (await client.ask(head + b"\r\n")).status == 202
        assert here.said[0][:3] == ("response", "r-1", b"abcde")
        here.api.reset()
        client = await here.busy()
        assert (await client.ask(head + trailer)).status == 202
        assert here.said == [("error", "r-1", "E", b'{"errorMessage":"midway"}')]

    run(test)


def test_an_unknown_response_mode(run: Any) -> None:
    async def test(here: Here) -> None:
        client = await here.busy()
        mode = "Lambda-Runtime-Function-Response-Mode: carrier-pigeon"
        answer = await client.ask(post("invocation/r-1/response", b"", mode))
        assert (answer.status, answer.error_type) == (400, "InvalidFunctionResponseMode")

    run(test)


def test_a_client_that_waits_for_100_continue(run: Any) -> None:
    async def test(here: Here) -> None:
        client = await here.busy()
        data = post("invocation/r-1/response", b"42", "Expect: 100-continue")
        assert (await client.ask(data[:-2])).status == 100
        assert (await client.ask(b"42")).status == 202
        assert here.said[0][2] == b"42"

    run(test)


@pytest.mark.parametrize("kind", ["response", "error"])
def test_the_limit_to_the_byte(run: Any, kind: str) -> None:
    async def test(here: Here) -> None:
        client = await here.busy()
        assert (await client.ask(post(f"invocation/r-1/{kind}", b"x" * LIMIT))).status == 202
        assert here.said[0][0] == kind
        here.api.reset()
        client = await here.busy()
        answer = await client.ask(post(f"invocation/r-1/{kind}", b"x" * (LIMIT + 1)))
        assert (answer.status, answer.error_type) == (413, "RequestEntityTooLarge")
        payload = errors.response_too_large_payload(LIMIT + 1)
        assert here.said == [("error", "r-1", "Function.ResponseSizeTooLarge", payload)]
        here.api.deliver(invocation(b"", "r-2"))
        assert (await client.ask(GET_NEXT)).status == 200

    run(test)


def test_a_late_answer_does_not_complete_the_invocation_at_hand(run: Any) -> None:
    async def test(here: Here) -> None:
        client = await here.busy("r-2")
        answer = await client.ask(post("invocation/r-1/response", b"late"))
        assert (answer.status, answer.error_type) == (400, "InvalidRequestID")
        assert here.said == []
        assert (await client.ask(post("invocation/r-2/response", b"right"))).status == 202
        answer = await client.ask(post("invocation/r-2/response", b"twice"))
        assert (answer.status, answer.error_type) == (403, "InvalidStateTransition")
        assert [said[2] for said in here.said] == [b"right"]

    run(test)


def test_the_invocation_id_is_told_and_checked(run: Any) -> None:
    async def test(here: Here) -> None:
        client = await here.busy(invocation_id="i-1")
        wrong = post("invocation/r-1/response", b"", "Lambda-Runtime-Invocation-Id: i-0")
        assert (await client.ask(wrong)).error_type == "InvalidInvocationId"
        right = post("invocation/r-1/response", b"", "Lambda-Runtime-Invocation-Id: i-1")
        assert (await client.ask(right)).status == 202

    run(test)


def test_init_error(run: Any) -> None:
    async def test(here: Here) -> None:
        client = await here.connect()
        data = post("init/error", b"{}", "Lambda-Runtime-Function-Error-Type: Runtime.X")
        assert (await client.ask(data)).status == 202
        assert here.said == [("init_error", "Runtime.X", b"{}")]
        assert (await client.ask(data)).status == 403
        assert (await client.ask(GET_NEXT)).status == 403

    run(test)


def test_next_while_an_invocation_runs(run: Any) -> None:
    async def test(here: Here) -> None:
        client = await here.busy()
        assert (await client.ask(GET_NEXT)).error_type == "InvalidStateTransition"

    run(test)


def test_a_runtime_that_lost_its_connection_asks_again(run: Any) -> None:
    async def test(here: Here) -> None:
        first = await here.connect()
        first.writer.write(GET_NEXT)
        await here.until(lambda: bool(here.said))
        second = await here.connect()
        second.writer.write(GET_NEXT)
        assert await first.ended()
        here.api.deliver(invocation(b"7"))
        assert (await second.answer()).body == b"7"

    run(test)


def test_an_invocation_waits_for_a_runtime_that_hung_up(run: Any) -> None:
    async def test(here: Here) -> None:
        first = await here.connect()
        first.writer.write(GET_NEXT)
        await here.until(lambda: bool(here.said))
        first.writer.close()
        await here.until(lambda: here.api._waiting is None)
        here.api.deliver(invocation(b"7"))
        assert (await (await here.connect()).ask(GET_NEXT)).body == b"7"

    run(test)


def test_reset_begins_a_new_conversation(run: Any) -> None:
    async def test(here: Here) -> None:
        client = await here.busy()
        here.api.reset()
        assert await client.ended()
        here.api.deliver(invocation(b"", "r-2"))
        assert (await (await here.connect()).ask(GET_NEXT)).status == 200

    run(test)


@pytest.mark.parametrize(
    ("data", "status", "error_type"),
    [
        (b"GET /2018-06-01/runtime/restore/next HTTP/1.1\r\n\r\n", 501, "RestoreNotSupported"),
        (post("restore/error"), 501, "RestoreNotSupported"),
        (b"GET /2020-01-01/extension/event/next HTTP/1.1\r\n\r\n", 404, "ResourceNotFound"),
        (post("invocation/r-1/reply"), 404, "ResourceNotFound"),
        (post("invocation/next"), 405, "MethodNotAllowed"),
        (b"GET /2018-06-01/runtime/init/error HTTP/1.1\r\n\r\n", 405, "MethodNotAllowed"),
        (b"GET /2018-06-01/runtime/invocation/r-1/response HTTP/1.1\r\n\r\n", 405, "MethodNotAllowed"),
    ],
)
def test_what_is_not_there(run: Any, data: bytes, status: int, error_type: str) -> None:
    async def test(here: Here) -> None:
        client = await here.connect()
        answer = await client.ask(data)
        assert (answer.status, answer.error_type) == (status, error_type)
        assert (await client.ask(data)).status == status

    run(test)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"\x00\x01\x02\xff" * 10 + b"\r\n\r\n", 400),
        (post("init/error").replace(b"Content-Length: 0", b"Content-Length: x"), 400),
        (b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 404),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * (3 << 20), 431),
        (GET_NEXT + GET_NEXT, 400),
    ],
    ids=["words", "binary", "length", "upgrade", "head", "pipelined"],
)
def test_malformed_requests_end_the_connection_and_nothing_else(run: Any, data: bytes, status: int) -> None:
    async def test(here: Here) -> None:
        client = await here.connect()
        with contextlib.suppress(ConnectionError):
            assert (await client.ask(data)).status == status
        assert await client.ended()
        here.api.deliver(invocation(b"7"))
        assert (await (await here.connect()).ask(GET_NEXT)).body == b"7"

    run(test)


def test_connection_close_is_honoured(run: Any) -> None:
    async def test(here: Here) -> None:
        client = await here.connect()
        here.api.deliver(invocation(b"7"))
        request = GET_NEXT.replace(b"Host: x", b"Connection: close")
        assert (await client.ask(request)).body == b"7"
        assert await client.ended()

    run(test)


def test_connections_are_limited(run: Any) -> None:
    async def test(here: Here) -> None:
        clients = [await here.connect() for _ in range(MAX_CONNECTIONS)]
        await clients[-1].ask(post("restore/error"))
        assert await (await here.connect()).ended()

    run(test)


def test_a_large_payload(run: Any) -> None:
    async def test(here: Here) -> None:
        here.api.deliver(invocation(b"x" * 6_291_456))
        client = await here.connect()
        client.reader._limit = 1 << 24  # type: ignore[attr-defined]
        assert len((await client.ask(GET_NEXT)).body) == 6_291_456

    run(test)


@pytest.mark.parametrize("broken", ["a\nX: y", "a\rX: y", "a\0b", "\ud800", "é"])
@pytest.mark.parametrize("field", ["trace_id", "client_context", "cognito_identity", "invocation_id"])
def test_no_value_is_too_odd_for_the_head(field: str, broken: str) -> None:
    values = {"request_id": "r", "function_arn": "arn", "trace_id": "t", field: broken}
    lines = invocation_head(RuntimeInvocation(payload=b"", deadline_ms=1, **values)).split(b"\r\n")
    assert len(lines) == 9 + (field != "trace_id")
    assert not any(set(b"\r\n\0") & set(line) for line in lines)


@pytest.mark.parametrize("field", ["function_arn", "trace_id", "request_id"])
def test_a_value_can_not_break_the_head(field: str) -> None:
    values = {"request_id": "r", "function_arn": "arn", "trace_id": "t", field: "a\r\nX: y"}
    head = invocation_head(RuntimeInvocation(payload=b"", deadline_ms=1, **values))
    assert b": a  X: y\r\n" in head
    assert head.count(b"\n") == head.count(b"\r\n") == 8


# --- streamed responses


class Sink:
    """Takes parts until it is full."""

    def __init__(self, room: int = 1 << 30) -> None:
        self.resume: Callable[[], None] | None = None
        self.room = room
        self.parts: list[bytes] = []

    @property
    def got(self) -> bytes:
        return b"".join(self.parts)

    def write(self, part: bytes) -> bool:
        self.parts.append(part)
        return len(self.got) < self.room


STREAMING = (
    b"POST /2018-06-01/runtime/invocation/r-1/response HTTP/1.1\r\nHost: x\r\n"
    b"Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n\r\n"
)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def test_a_streamed_response_goes_out_part_by_part(run: Any) -> None:
    async def test(here: Here) -> None:
        sink = Sink()
        client = await here.busy(sink=sink)
        client.writer.write(STREAMING + chunk(b"one"))
        await here.until(lambda: sink.got == b"one")
        assert here.said == []
        client.writer.write(chunk(b"two"))
        await here.until(lambda: sink.got == b"onetwo")
        assert (await client.ask(b"0\r\n\r\n")).status == 202
        assert [said[:3] for said in here.said] == [("response", "r-1", b"")]

    run(test)


def test_an_error_in_the_trailers_ends_a_streamed_response(run: Any) -> None:
    async def test(here: Here) -> None:
        sink = Sink()
        client = await here.busy(sink=sink)
        trailers = b"Lambda-Runtime-Function-Error-Type: E\r\nLambda-Runtime-Function-Error-Body: e30=\r\n"
        assert (await client.ask(STREAMING + chunk(b"one") + b"0\r\n" + trailers + b"\r\n")).status == 202
        assert (sink.got, here.said) == (b"one", [("error", "r-1", "E", b"{}")])

    run(test)


def test_a_full_sink_makes_the_runtime_wait(run: Any) -> None:
    async def test(here: Here) -> None:
        sink = Sink(room=1 << 20)
        client = await here.busy(sink=sink)
        client.writer.write(STREAMING + chunk(b"x" * (8 << 20)) + b"0\r\n\r\n")
        await here.until(lambda: sink.resume is not None)
        held = len(sink.got)
        await turns()
        assert len(sink.got) == held < 2 << 20
        sink.room = 1 << 30
        assert sink.resume is not None
        sink.resume()
        assert (await client.answer()).status == 202
        assert len(sink.got) == 8 << 20

    run(test)


def test_a_streamed_response_over_the_limit_is_cut_off(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "MAX_STREAM", 10)

    async def test(here: Here) -> None:
        sink = Sink()
        client = await here.busy(sink=sink)
        answer = await client.ask(STREAMING + chunk(b"123456789") + chunk(b"0123") + b"0\r\n\r\n")
        assert (answer.status, answer.error_type) == (413, "RequestEntityTooLarge")
        assert sink.got == b"123456789"
        assert here.said[0][:3] == ("error", "r-1", "Function.ResponseSizeTooLarge")

    run(test)


def test_a_streamed_response_that_breaks_off_is_an_error(run: Any) -> None:
    async def test(here: Here) -> None:
        client = await here.busy(sink=Sink())
        client.writer.write(STREAMING + chunk(b"one"))
        client.writer.close()
        await here.until(lambda: bool(here.said))
        assert here.said[0][:3] == ("error", "r-1", "Runtime.TruncatedResponse")

    run(test)


def test_nothing_else_can_answer_while_a_response_is_streamed(run: Any) -> None:
    async def test(here: Here) -> None:
        sink = Sink()
        client = await here.busy(sink=sink)
        client.writer.write(STREAMING + chunk(b"one"))
        await here.until(lambda: sink.got == b"one")
        other = await here.connect()
        assert (await other.ask(post("invocation/r-1/response", b"x"))).status == 403
        assert (await other.ask(post("invocation/r-1/error", b"x"))).status == 403
        assert (await other.ask(STREAMING + chunk(b"z") + b"0\r\n\r\n")).status == 403
        assert (await client.ask(b"0\r\n\r\n")).status == 202
        assert sink.got == b"one"

    run(test)


def test_a_buffered_response_and_one_for_another_request_leave_the_sink_alone(run: Any) -> None:
    async def test(here: Here) -> None:
        sink = Sink()
        client = await here.busy(sink=sink)
        other = await here.connect()
        assert (await other.ask(STREAMING.replace(b"r-1", b"r-9") + chunk(b"z") + b"0\r\n\r\n")).status == 400
        assert (await client.ask(post("invocation/r-1/response", b"7"))).status == 202
        assert (sink.got, here.said[0][:3]) == (b"", ("response", "r-1", b"7"))

    run(test)


# --- extensions


def attached(here: Here) -> Extensions:
    numbers = iter(range(100))
    about = About("f", "1", "h", "123456789012")
    extensions = Extensions(about, here, lambda: f"00000000-0000-4000-8000-{next(numbers):012}")
    here.api.attach(extensions, {b"/2022-07-01/telemetry": lambda request: Reply(200, b'"OK"')})
    return extensions


def extension(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"Lambda-Extension-{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = [f"{method} /2020-01-01/extension/{path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *lines]
    return "\r\n".join([*head, "", ""]).encode() + body


def test_an_extension_registers_and_waits(run: Any) -> None:
    async def test(here: Here) -> None:
        extensions = attached(here)
        extensions.launch("a.sh")
        client = await here.connect()
        body = b'{"events": ["INVOKE"]}'
        answer = await client.ask(extension("POST", "register", body, Name="a.sh", Accept_Feature="accountId"))
        assert answer.status == 200
        assert json.loads(answer.body)["accountId"] == "123456789012"
        identifier = answer.headers["lambda-extension-identifier"]
        client.writer.write(extension("GET", "event/next", Identifier=identifier))
        await here.until(lambda: here.said == [("registered",), ("ready",)])
        extensions.send("INVOKE", b'{"a": 1}')
        answer = await client.answer()
        assert (answer.status, answer.body) == (200, b'{"a": 1}')
        assert "lambda-extension-event-identifier" in answer.headers
        error = extension("POST", "exit/error", b"{}", Identifier=identifier, Function_Error_Type="E")
        answer = await client.ask(error)
        assert (answer.status, json.loads(answer.body)) == (202, {"status": "OK"})

    run(test)


@pytest.mark.parametrize(
    ("data", "status", "error_type"),
    [
        (extension("GET", "register"), 405, "MethodNotAllowed"),
        (extension("POST", "event/next"), 405, "MethodNotAllowed"),
        (extension("GET", "event/next"), 403, "Extension.MissingExtensionIdentifier"),
        (extension("POST", "init/error", Identifier="?"), 403, "Extension.InvalidExtensionIdentifier"),
        (extension("POST", "register", b"{"), 403, "Extension.InvalidExtensionName"),
        (extension("POST", "register", b"{", Name="x"), 403, "InvalidRequestFormat"),
        (extension("POST", "register", b"x" * (LIMIT + 1), Name="x"), 413, "RequestEntityTooLarge"),
        (extension("GET", "elsewhere"), 404, "ResourceNotFound"),
    ],
)
def test_what_extensions_may_not_ask(run: Any, data: bytes, status: int, error_type: str) -> None:
    async def test(here: Here) -> None:
        attached(here)
        client = await here.connect()
        answer = await client.ask(data)
        assert (answer.status, answer.error_type) == (status, error_type)
        assert (await client.ask(b"PUT /2022-07-01/telemetry HTTP/1.1\r\n\r\n")).body == b'"OK"'

    run(test)


def test_nobody_registers_after_the_first_next(run: Any) -> None:
    async def test(here: Here) -> None:
        attached(here)
        client = await here.connect()
        register = extension("POST", "register", b"{}", Name="inside")
        assert (await client.ask(register)).status == 200
        here.api.deliver(invocation(b"1"))
        await client.ask(GET_NEXT)
        late = extension("POST", "register", b"{}", Name="late")
        assert (await client.ask(late)).error_type == "Extension.RegistrationClosed"
        here.api.reset()
        assert (await (await here.connect()).ask(register)).status == 200

    run(test)


def test_an_extension_that_lost_its_connection_asks_again(run: Any) -> None:
    async def test(here: Here) -> None:
        extensions = attached(here)
        client = await here.connect()
        answer = await client.ask(extension("POST", "register", b'{"events": ["INVOKE"]}', Name="inside"))
        ask = extension("GET", "event/next", Identifier=answer.headers["lambda-extension-identifier"])
        client.writer.write(ask)
        await here.until(lambda: ("ready",) in here.said)
        client.writer.close()
        await here.until(lambda: next(iter(extensions)).waiter is None)
        extensions.send("INVOKE", b"7")
        assert (await (await here.connect()).ask(ask)).body == b"7"

    run(test)


# --- restore


def test_a_restored_runtime_asks_for_work(run: Any) -> None:
    async def test(here: Here) -> None:
        here.api.restore(here)
        here.api.deliver(invocation(b"7"))
        assert (await (await here.connect()).ask(GET_NEXT)).body == b"7"
        with pytest.raises(ValueError, match="State transition"):
            here.api.restore(here)

    run(test)


def test_hooks_that_fail_are_told_once(run: Any) -> None:
    async def test(here: Here) -> None:
        here.api.restore(here)
        client = await here.connect()
        failed = post("restore/error", b"{}", "Lambda-Runtime-Function-Error-Type: Mine")
        assert (await client.ask(failed)).status == 202
        assert (await client.ask(failed)).status == 403
        assert here.said == [("restore_error", "Mine", b"{}")]

    run(test)
