"""The Runtime API server of one execution environment: HTTP on a listener of its own.

The listener stands inside the environment's network, so whoever connects is that environment: nothing is
authenticated. What may be asked when is `conversation`; this module is the HTTP around it, kept thin
because every invocation passes here twice. Bodies are read to the end before they count; what exceeds
AWS's limits is dropped while it is read, so a runtime cannot fill the server's memory.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import asyncio
import base64
import binascii
import socket
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol, cast

import httptools

from lambent.runtimes import conversation, errors
from lambent.runtimes.conversation import Conversation, Event, Refusal

MAX_HEAD = 2 << 20
"""Bytes of one request's target, headers and trailers. Runtimes send up to 1 MB of X-Ray cause in a header."""
MAX_CONNECTIONS = 64
"""Connections of one environment at a time; AWS's clients use one or two."""

PREFIX = b"/2018-06-01/runtime/"
NEXT = PREFIX + b"invocation/next"
INVOCATION = PREFIX + b"invocation/"
INIT_ERROR = PREFIX + b"init/error"
RESTORE = (PREFIX + b"restore/next", PREFIX + b"restore/error")

ERROR_TYPE = "lambda-runtime-function-error-type"
ERROR_BODY = "lambda-runtime-function-error-body"
RESPONSE_MODE = "lambda-runtime-function-response-mode"
INVOCATION_ID = "lambda-runtime-invocation-id"
_KEPT = {name.encode(): name for name in ("content-type", ERROR_TYPE, ERROR_BODY, RESPONSE_MODE, INVOCATION_ID)}
"""Request headers that mean something; the others are not kept."""

ACCEPTED = b'HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"status":"OK"}\n'
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(frozen=True, slots=True)
class RuntimeInvocation:
    """An invocation as the runtime is told of it. `deadline_ms` is Unix time in milliseconds."""

    request_id: str
    payload: bytes
    deadline_ms: int
    function_arn: str
    trace_id: str
    client_context: str | None = None
    cognito_identity: str | None = None
    invocation_id: str | None = None


class RuntimeEvents(Protocol):
    """Who is told what the runtime says. Called on the event loop; must neither block nor raise."""

    def on_next(self) -> None:
        """The runtime asks for an invocation."""

    def on_response(self, request_id: str, body: bytes, headers: dict[str, str]) -> None:
        """The invocation's result; `headers` are the kept ones, by lower-case name."""

    def on_error(self, request_id: str, error_type: str, body: bytes) -> None:
        """The invocation's error, or a result over the limit (`Function.ResponseSizeTooLarge`)."""

    def on_init_error(self, error_type: str, body: bytes) -> None:
        """The runtime can't start."""


class RuntimeApi:
    """Answers the runtime on `listener` (a listening stream socket, which `close` closes).

    Needs a running event loop. One conversation at a time: `reset` begins another, for the next runtime
    process in the same environment.
    """

    def __init__(self, listener: socket.socket, events: RuntimeEvents) -> None:
        self._events = events
        self._listener = listener
        self._conversation = Conversation()
        self._waiting: Connection | None = None
        self._pending: RuntimeInvocation | None = None
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._opening = asyncio.get_running_loop().create_task(self._open())

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), sock=self._listener)

    def deliver(self, invocation: RuntimeInvocation) -> None:
        """Hand `invocation` to the runtime, now or when it asks. One at a time: ValueError if one is with
        it."""
        if self._pending is not None or self._conversation.state is conversation.State.BUSY:
            raise ValueError(f"an invocation is already with the runtime: {self._conversation.request_id}")
        if self._waiting is None:
            self._pending = invocation
        else:
            self._hand_over(self._waiting, invocation)

    def reset(self) -> None:
        """Forget the runtime that was: its connections end, an undelivered invocation is dropped."""
        self._conversation = Conversation()
        self._waiting = self._pending = None
        for connection in tuple(self._connections):
            connection.abort()

    def close(self) -> None:
        """Stop serving. The runtime's connections are cut."""
        self.reset()
        self._opening.cancel()
        if self._server is not None:
            self._server.close()
        self._listener.close()

    # --- what connections report

    def connected(self, connection: "Connection") -> bool:
        """Whether one more connection is welcome."""
        if len(self._connections) >= MAX_CONNECTIONS:
            return False
        self._connections.add(connection)
        return True

    def lost(self, connection: "Connection") -> None:
        """The connection is gone; if it waited for an invocation, that one waits for the next GET."""
        self._connections.discard(connection)
        if self._waiting is connection:
            self._waiting = None

    def next(self, connection: "Connection") -> Refusal | None:
        """GET next: answered now, or when `deliver` is called. A runtime that asks again replaces its
        first call."""
        if (refusal := self._conversation.next()) is not None:
            return refusal
        former, self._waiting = self._waiting, connection
        connection.waits = True
        if former is not None:
            former.abort()
        self._events.on_next()
        if self._pending is not None and self._waiting is connection:
            pending, self._pending = self._pending, None
            self._hand_over(connection, pending)
        return None

    def response(self, request_id: str, request: "Request") -> Refusal | None:
        """POST response. A streamed response counts when its last chunk is there."""
        headers = request.headers
        if headers.get(RESPONSE_MODE, "streaming").lower() != "streaming":
            return conversation.INVALID_RESPONSE_MODE
        refusal = self._conversation.answer(Event.RESPONSE, request_id, headers.get(INVOCATION_ID, ""))
        if refusal is not None:
            return refusal
        if request.size > errors.MAX_RESPONSE:
            return self._too_large(request_id, request)
        if ERROR_TYPE in headers:
            self._events.on_error(request_id, headers[ERROR_TYPE], _decoded(headers.get(ERROR_BODY, "")))
        else:
            self._events.on_response(request_id, request.body, headers)
        return None

    def error(self, request_id: str, request: "Request") -> Refusal | None:
        """POST error."""
        headers = request.headers
        refusal = self._conversation.answer(Event.ERROR, request_id, headers.get(INVOCATION_ID, ""))
        if refusal is not None:
            return refusal
        if request.size > errors.MAX_RESPONSE:
            return self._too_large(request_id, request)
        self._events.on_error(request_id, headers.get(ERROR_TYPE, ""), request.body)
        return None

    def _too_large(self, request_id: str, request: "Request") -> Refusal:
        """The invocation ends with the error that AWS has for it; the runtime is told, too."""
        payload = errors.response_too_large_payload(request.size)
        self._events.on_error(request_id, errors.RESPONSE_TOO_LARGE, payload)
        return conversation.TOO_LARGE

    def init_error(self, request: "Request") -> Refusal | None:
        """POST init/error."""
        if request.size > errors.MAX_RESPONSE:
            return conversation.TOO_LARGE
        if (refusal := self._conversation.init_error()) is not None:
            return refusal
        self._events.on_init_error(request.headers.get(ERROR_TYPE, ""), request.body)
        return None

    def _hand_over(self, connection: "Connection", invocation: RuntimeInvocation) -> None:
        head = invocation_head(invocation)
        self._conversation.deliver(invocation.request_id, invocation.invocation_id or "")
        self._waiting = None
        connection.answer_next(head, invocation.payload)


def invocation_head(invocation: RuntimeInvocation) -> bytes:
    """The status line and headers of the answer to GET next. Raises ValueError if a value would break
    them."""
    optional = ""
    if invocation.client_context is not None:
        optional += f"Lambda-Runtime-Client-Context: {_one_line(invocation.client_context)}\r\n"
    if invocation.cognito_identity is not None:
        optional += f"Lambda-Runtime-Cognito-Identity: {_one_line(invocation.cognito_identity)}\r\n"
    if invocation.invocation_id is not None:
        optional += f"Lambda-Runtime-Invocation-Id: {invocation.invocation_id}\r\n"
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        f"Lambda-Runtime-Aws-Request-Id: {invocation.request_id}\r\n"
        f"Lambda-Runtime-Deadline-Ms: {invocation.deadline_ms}\r\n"
        f"Lambda-Runtime-Invoked-Function-Arn: {invocation.function_arn}\r\n"
        f"Lambda-Runtime-Trace-Id: {invocation.trace_id}\r\n"
        f"{optional}Content-Length: {len(invocation.payload)}\r\n\r\n"
    )
    if head.count("\n") != 8 + optional.count("\n") or "\0" in head:
        raise ValueError(f"a line break or NUL in the values of invocation {invocation.request_id!r}")
    return head.encode()


def _one_line(json_text: str) -> str:
    """JSON without line breaks: between tokens they mean no more than a space, within strings JSON has
    none."""
    return json_text.replace("\r", " ").replace("\n", " ")


def _decoded(text: str) -> bytes:
    """The error trailer's base64, or its bytes as they are when it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return text.encode()


class Request:
    """One request as it is read. `size` counts the body's bytes; `body` is empty when they were too many."""

    __slots__ = ("_parts", "_read", "complete", "headers", "method", "path", "size")

    def __init__(self) -> None:
        self.path = b""
        self.method = b""
        self.headers: dict[str, str] = {}
        self.size = 0
        self.complete = False
        self._parts: list[bytes] = []
        self._read = 0

    def read_more(self, size: int) -> None:
        """`size` bytes were read and the request is not complete. Raises _Malformed if what is no body gets long.

        A body in chunks of one byte takes six times its size, hence the factor.
        """
        self._read += size
        if self._read > MAX_HEAD + 16 * self.size:
            raise _Malformed(Refusal(431, "RequestHeaderFieldsTooLarge", f"headers over {MAX_HEAD} bytes"))

    def add(self, part: bytes) -> None:
        """More of the body. Past the limit it is counted, not kept."""
        self.size += len(part)
        if self.size <= errors.MAX_RESPONSE:
            self._parts.append(part)
        else:
            self._parts.clear()

    @property
    def body(self) -> bytes:
        """The whole body."""
        parts = self._parts
        return parts[0] if len(parts) == 1 else b"".join(parts)


class Connection(asyncio.Protocol):
    """One connection of the runtime: reads requests, writes their answers in order."""

    __slots__ = ("_api", "_last", "_parser", "_request", "_transport", "waits")

    def __init__(self, api: RuntimeApi) -> None:
        self._api = api
        self._request = Request()
        self._request.complete = True
        self._last = False
        self.waits = False
        """An unanswered GET next is on this connection."""

    # --- asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpRequestParser(self)
        if not self._api.connected(self):
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._api.lost(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
            if not self._request.complete:
                self._request.read_more(len(data))
        except _Malformed as malformed:
            self._fail(malformed.refusal)
        except httptools.HttpParserUpgrade:
            self._transport.close()
        except httptools.HttpParserCallbackError as failed:
            cause = failed.__context__
            if not isinstance(cause, _Malformed):
                raise
            self._fail(cause.refusal)
        except httptools.HttpParserError as error:
            self._fail(Refusal(400, "InvalidRequest", f"malformed HTTP request: {error}"))

    # --- httptools

    def on_message_begin(self) -> None:
        if self.waits:
            raise _Malformed(Refusal(400, "InvalidRequest", "a request while GET next waits on this connection"))
        self._request = Request()

    def on_url(self, url: bytes) -> None:
        self._request.path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name in _KEPT:
            self._request.headers[_KEPT[name]] = value.decode("latin-1")
        elif name == b"expect" and value.lower() == b"100-continue":
            self._transport.write(CONTINUE)

    def on_body(self, body: bytes) -> None:
        self._request.add(body)

    def on_message_complete(self) -> None:
        request = self._request
        request.complete = True
        request.method = self._parser.get_method()
        refusal = self._route(request)
        if refusal is not None:
            self._transport.write(rendered(refusal))
        elif not self.waits and request.path != NEXT:
            self._transport.write(ACCEPTED)
        if not self._parser.should_keep_alive():
            self._last = True
            if not self.waits:
                self._transport.close()

    # --- answers

    def answer_next(self, head: bytes, payload: bytes) -> None:
        """The answer to the GET next that waits here."""
        self.waits = False
        if len(payload) < 65_536:
            self._transport.write(head + payload)
        else:
            self._transport.writelines((head, payload))
        if self._last:
            self._transport.close()

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    def _fail(self, refusal: Refusal) -> None:
        self._transport.write(rendered(refusal, close=True))
        self._transport.close()

    def _route(self, request: Request) -> Refusal | None:
        path = request.path
        if path == NEXT:
            return self._api.next(self) if request.method == b"GET" else _wrong_method(request)
        if path.startswith(INVOCATION):
            return self._route_answer(request)
        if path == INIT_ERROR:
            return self._api.init_error(request) if request.method == b"POST" else _wrong_method(request)
        if path in RESTORE:
            return conversation.RESTORE_UNSUPPORTED
        return _not_found(request)

    def _route_answer(self, request: Request) -> Refusal | None:
        request_id, _, kind = request.path[len(INVOCATION) :].decode("latin-1").partition("/")
        answer = _ANSWERS.get(kind)
        if answer is None:
            return _not_found(request)
        if request.method != b"POST":
            return _wrong_method(request)
        return answer(self._api, request_id, request)


_ANSWERS: dict[str, Callable[[RuntimeApi, str, Request], Refusal | None]] = {
    "response": RuntimeApi.response,
    "error": RuntimeApi.error,
}


class _Malformed(Exception):
    """A request that can't be read further; raised inside the parser's callbacks."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def rendered(refusal: Refusal, close: bool = False) -> bytes:
    """The HTTP answer of a refusal."""
    body = refusal.body
    head = (
        f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}\r\nContent-Type: application/json\r\n"
        f"Connection: {'close' if close else 'keep-alive'}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _not_found(request: Request) -> Refusal:
    return Refusal(404, "ResourceNotFound", f"no such resource: {request.path.decode('latin-1')[:200]}")


def _wrong_method(request: Request) -> Refusal:
    return Refusal(405, "MethodNotAllowed", f"{request.method.decode('latin-1')} is not allowed here")
