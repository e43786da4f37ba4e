"""The server of the APIs that an execution environment's processes speak to: HTTP on a listener of its own.

The listener stands inside the environment's network, so whoever connects is that environment: nothing is
authenticated. What may be asked when is `conversation` for the runtime and `extensions` for extensions; this module is
the HTTP around them, kept thin because every invocation passes here twice. Bodies are read to the end before they
count, except for a response that is streamed to whoever waits for it; what exceeds AWS's limits is dropped while it is
read, so a runtime cannot fill the server's memory.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html,
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
"""

import asyncio
import base64
import binascii
import socket
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol, cast

import httptools

from lambent.runtime_api import conversation, errors
from lambent.runtime_api.conversation import Conversation, Event, Refusal
from lambent.runtime_api.extensions import Extensions, Reply
from lambent.runtime_api.familiar import NEXT, Familiar

MAX_HEAD = 2 << 20
"""Bytes of one request's target, headers and trailers. Runtimes send up to 1 MB of X-Ray cause in a header."""
MAX_CONNECTIONS = 64
"""Connections of one environment at a time; AWS's clients use one or two."""

PREFIX = b"/2018-06-01/runtime/"
INVOCATION = PREFIX + b"invocation/"
INIT_ERROR = PREFIX + b"init/error"
RESTORE_NEXT = PREFIX + b"restore/next"
RESTORE_ERROR = PREFIX + b"restore/error"

EXTENSION = b"/2020-01-01/extension/"
EXTENSION_NEXT = EXTENSION + b"event/next"

DEFAULT_TYPE = "application/octet-stream"
"""Of a streamed response that does not say."""
ERROR_TYPE = "lambda-runtime-function-error-type"
ERROR_BODY = "lambda-runtime-function-error-body"
RESPONSE_MODE = "lambda-runtime-function-response-mode"
INVOCATION_ID = "lambda-runtime-invocation-id"
EXTENSION_NAME = "lambda-extension-name"
EXTENSION_ID = "lambda-extension-identifier"
EXTENSION_FEATURES = "lambda-extension-accept-feature"
EXTENSION_ERROR_TYPE = "lambda-extension-function-error-type"
_KEPT = {
    name.encode(): name
    for name in (
        "authorization", "content-type", ERROR_TYPE, ERROR_BODY, RESPONSE_MODE, INVOCATION_ID,
        EXTENSION_NAME, EXTENSION_ID, EXTENSION_FEATURES, EXTENSION_ERROR_TYPE,
    )
}  # fmt: skip
"""Request headers that mean something; the others are not kept."""
_SPELT = {
    spelt: _KEPT.get(spelt.lower(), "")
    for spelt in (
        b"Host", b"User-Agent", b"Accept", b"Content-Length", b"Content-Type", b"Connection",
        b"Lambda-Runtime-Function-Error-Type", b"Lambda-Runtime-Function-Response-Mode",
    )
}  # fmt: skip
"""What clients send with every request, as they spell it; "" is not kept."""

ACCEPTED = b'HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"status":"OK"}\n'
_TCP_CLOSE = 7
"""State of a connection that was reset; one that was ended in order is in another (tcp_states.h)."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Sink(Protocol):
    """Where the parts of a streamed response go as they come."""

    resume: Callable[[], None] | None
    """Called when there is room again."""
    content_type: str
    """What the runtime says of the response when it begins to stream one."""

    def write(self, part: bytes) -> bool:
        """Take `part`; False when there is no room for another, which then waits for `resume`."""


class RuntimeInvocation(NamedTuple):
    """An invocation as the runtime is told of it. `deadline_ms` is Unix time in milliseconds. With `sink` a streamed
    response is handed on part by part; without, it is gathered like any other."""

    request_id: str
    payload: bytes
    deadline_ms: int
    function_arn: str
    trace_id: str
    client_context: str | None = None
    cognito_identity: str | None = None
    invocation_id: str | None = None
    sink: Sink | None = None


class RuntimeEvents(Protocol):
    """Who is told what the runtime says. Called on the event loop; must neither block nor raise."""

    def on_next(self) -> None:
        """The runtime asks for an invocation."""

    def on_response(self, request_id: str, body: bytes, headers: dict[str, str]) -> None:
        """The invocation's result; `headers` are the kept ones, by lower-case name. `body` is empty when it went
        into the invocation's sink."""

    def on_error(self, request_id: str, error_type: str, body: bytes) -> None:
        """The invocation's error, or a result over the limit (`Function.ResponseSizeTooLarge`)."""

    def on_init_error(self, error_type: str, body: bytes) -> None:
        """The runtime can't start."""


class RestoreEvents(Protocol):
    """Who is told what a runtime says that was restored from a snapshot."""

    def on_restore_error(self, error_type: str, body: bytes) -> None:
        """Its hooks failed."""


Route = Callable[["Request"], "Reply | Refusal"]
"""Answers a request at once. It looks at the method itself."""


class RuntimeApi:
    """Answers the runtime and its extensions on `listener` (a listening stream socket, which `close` closes).

    Needs a running event loop. One conversation at a time: `reset` begins another, for the next runtime
    process in the same environment.
    """

    def __init__(self, listener: socket.socket, events: RuntimeEvents) -> None:
        self._events = events
        self._listener = listener
        self.familiar = Familiar()
        self.extensions: Extensions | None = None
        self.routes: dict[bytes, Route] = {}
        self._registering = False
        self._restores: RestoreEvents | None = None
        self._sink: Sink | None = None
        self._conversation = Conversation()
        self._waiting: Connection | None = None
        self._pending: RuntimeInvocation | None = None
        self._handed: Connection | None = None
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._opening = asyncio.get_running_loop().create_task(self._open())

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), sock=self._listener)

    def attach(self, extensions: Extensions, routes: Mapping[bytes, Route]) -> None:
        """Answer the Extensions API, too, and what else extensions ask for: paths to what answers them."""
        self.extensions = extensions
        self.routes = {**_extension_routes(extensions), **routes}
        self._registering = True

    def restore(self, events: RestoreEvents) -> None:
        """The runtime goes on from a snapshot: it may say that its hooks failed. Where one waits for its snapshot
        (`restore/next`) is in the snapshot, not here."""
        self._conversation.restore()
        self._restores = events

    def deliver(self, invocation: RuntimeInvocation) -> None:
        """Hand `invocation` to the runtime, now or when it asks. One at a time: ValueError if one is with
        it."""
        if self._pending is not None or self._conversation.state is conversation.State.BUSY:
            raise ValueError(f"an invocation is already with the runtime: {self._conversation.request_id}")
        self._sink = invocation.sink
        if self._waiting is None:
            self._pending = invocation
        else:
            self._hand_over(self._waiting, invocation)

    @property
    def streams(self) -> bool:
        """Whether the response of the invocation at hand may go on to who waits for it while it is read."""
        return self._sink is not None

    @property
    def unread(self) -> bool:
        """Whether the runtime is with no invocation, or has not read the one that it is with: once it has ended, its
        connection then ended with a reset, as the kernel does it for what nobody has read (RFC 2525, section 2.17)."""
        if self._conversation.state is not conversation.State.BUSY:
            return True
        return self._handed is not None and self._handed.was_reset

    def reset(self) -> None:
        """Forget all that ran: its connections end, an undelivered invocation is dropped."""
        self._conversation = Conversation()
        self._waiting = self._pending = self._sink = self._handed = None
        if self.extensions is not None:
            self.extensions.reset()
            self._registering = True
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
        elif self.extensions:
            self.extensions.lost(connection)

    def next(self, connection: "Connection") -> Refusal | None:
        """GET next: answered now, or when `deliver` is called. A runtime that asks again replaces its
        first call."""
        if (refusal := self._conversation.next()) is not None:
            return refusal
        if self._registering and self.extensions is not None:
            self._registering = False
            self.extensions.close()
        former, self._waiting = self._waiting, connection
        connection.waits = True
        if former is not None:
            former.abort()
        self._events.on_next()
        if self._pending is not None and self._waiting is connection:
            pending, self._pending = self._pending, None
            self._hand_over(connection, pending)
        return None

    def stream(self, request_id: str, headers: dict[str, str]) -> Sink | None:
        """A POST response begins: where its body goes as it comes, None when it is to be gathered."""
        sink = self._sink
        if sink is None or headers.get(RESPONSE_MODE, "").lower() != "streaming":
            return None
        if self._conversation.answer(Event.RESPONSE, request_id, headers.get(INVOCATION_ID, "")) is not None:
            return None  # refused when it has been read
        self._sink = None
        sink.content_type = headers.get("content-type") or DEFAULT_TYPE
        return sink

    def cut(self, request_id: str) -> None:
        """The connection of a streamed response ended before the response did."""
        if self._conversation.request_id == request_id:
            self._events.on_error(request_id, errors.TRUNCATED, errors.truncated_payload())

    def response(self, request_id: str, request: "Request") -> Refusal | None:
        """POST response. A streamed response counts when its last chunk is there."""
        headers = request.headers
        if headers.get(RESPONSE_MODE, "streaming").lower() != "streaming":
            return conversation.INVALID_RESPONSE_MODE
        if request.sink is None:
            refusal = self._conversation.answer(Event.RESPONSE, request_id, headers.get(INVOCATION_ID, ""))
            if refusal is not None:
                return refusal
        elif self._conversation.request_id != request_id:
            return conversation.INVALID_REQUEST_ID  # the runtime was reset meanwhile
        if request.size > request.limit:
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
        payload = errors.response_too_large_payload(request.size, request.limit)
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

    def restore_error(self, request: "Request") -> Refusal | None:
        """POST restore/error."""
        if self._restores is None:
            return conversation.RESTORE_UNSUPPORTED
        if request.size > request.limit:
            return conversation.TOO_LARGE
        if (refusal := self._conversation.restore_error()) is not None:
            return refusal
        self._restores.on_restore_error(request.headers.get(ERROR_TYPE, ""), request.body)
        return None

    def _hand_over(self, connection: "Connection", invocation: RuntimeInvocation) -> None:
        head = invocation_head(invocation)
        self._conversation.deliver(invocation.request_id, invocation.invocation_id or "")
        self.familiar.at_hand = invocation.request_id.encode()
        self._waiting, self._handed = None, connection
        connection.answer_next(head, invocation.payload)


def invocation_head(invocation: RuntimeInvocation) -> bytes:
    """The status line and headers of the answer to GET next: all that enters an environment as a header. A value
    that would break them is put on one line."""
    optional, lines = "", 8
    if invocation.client_context is not None:
        optional += f"Lambda-Runtime-Client-Context: {_one_line(invocation.client_context)}\r\n"
        lines += 1
    if invocation.cognito_identity is not None:
        optional += f"Lambda-Runtime-Cognito-Identity: {_one_line(invocation.cognito_identity)}\r\n"
        lines += 1
    if invocation.invocation_id is not None:
        optional += f"Lambda-Runtime-Invocation-Id: {invocation.invocation_id}\r\n"
        lines += 1
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        f"Lambda-Runtime-Aws-Request-Id: {invocation.request_id}\r\n"
        f"Lambda-Runtime-Deadline-Ms: {invocation.deadline_ms}\r\n"
        f"Lambda-Runtime-Invoked-Function-Arn: {invocation.function_arn}\r\n"
        f"Lambda-Runtime-Trace-Id: {invocation.trace_id}\r\n"
        f"{optional}Content-Length: {len(invocation.payload)}\r\n\r\n"
    )
    if head.count("\n") != lines or head.count("\r") != lines or "\0" in head:
        return invocation_head(_on_lines(invocation))
    return head.encode("utf-8", "replace")


def _on_lines(invocation: RuntimeInvocation) -> RuntimeInvocation:
    """With a space for whatever would end a line (RFC 9110, section 5.5)."""
    texts = {name: getattr(invocation, name) for name in _HEADER_TEXTS}
    mended: dict[str, Any] = {name: _one_line(text) for name, text in texts.items() if text is not None}
    return invocation._replace(**mended)


_HEADER_TEXTS = ("request_id", "function_arn", "trace_id", "client_context", "cognito_identity", "invocation_id")
_BREAKS = str.maketrans("\r\n\0", "   ")


def _one_line(text: str) -> str:
    """Between the tokens of JSON line breaks mean no more than a space, within its strings it has none."""
    return text.translate(_BREAKS)


def _decoded(text: str) -> bytes:
    """The error trailer's base64, or its bytes as they are when it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return text.encode()


class Request:
    """One request as it is read. `size` counts the body's bytes; `body` is empty when they were too many."""

    __slots__ = ("_parts", "_read", "complete", "headers", "limit", "method", "path", "sink", "size")

    def __init__(self) -> None:
        self.path = b""
        self.method = b""
        self.headers: dict[str, str] = {}
        self.size = 0
        self.limit = errors.MAX_RESPONSE
        self.sink: Sink | None = None
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

    def add(self, part: bytes) -> bool:
        """More of the body; False when the next part has to wait. Past the limit it is counted, not kept."""
        self.size += len(part)
        if self.size > self.limit:
            self._parts.clear()
        elif self.sink is not None:
            return self.sink.write(part)
        else:
            self._parts.append(part)
        return True

    @property
    def body(self) -> bytes:
        """The whole body."""
        parts = self._parts
        return parts[0] if len(parts) == 1 else b"".join(parts)


class Connection(asyncio.Protocol):
    """One connection of the runtime: reads requests, writes their answers in order."""

    __slots__ = ("_api", "_begun", "_last", "_parser", "_request", "_reset", "_transport", "waits")

    def __init__(self, api: RuntimeApi) -> None:
        self._api = api
        self._request = Request()
        self._request.complete = True
        self._last = False
        self._begun = 0
        """Requests that have begun, or were answered halfway, since the last data came."""
        self._reset: bool | None = None
        self.waits = False
        """An unanswered GET next is on this connection."""

    # --- asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpRequestParser(self)
        if not self._api.connected(self):
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._reset = isinstance(exc, ConnectionError)
        request = self._request
        if request.sink is not None and not request.complete:
            request.sink.resume = None
            self._api.cut(_answer_path(request.path)[0])
        self._api.lost(self)

    def data_received(self, data: bytes) -> None:
        new = self._request.complete and not self.waits and not self._last
        if new and self._is_familiar(data):
            return
        self._begun = 0
        try:
            self._parser.feed_data(data)
            request = self._request
            if not request.complete:
                request.read_more(len(data))
            elif new and self._begun == 1 and not self._last and request.sink is None:
                self._api.familiar.learn(data, request.method, request.path, request.headers, request.body)
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

    def _is_familiar(self, data: bytes) -> bool:
        """Answer what needs no parser; the parser stands at the beginning of a request, before and afterwards."""
        familiar = self._api.familiar
        if data == familiar.next:
            refusal = self._api.next(self)
            if refusal is not None:
                self._transport.write(rendered(refusal))
            return True
        answer = None if self._api.streams else familiar.answer(data)
        if answer is None:
            return False
        request = self._request = Request()
        request.complete, request.headers = True, answer.headers
        request.add(answer.body)
        refusal = self._api.response(familiar.at_hand.decode(), request)
        self._transport.write(ACCEPTED if refusal is None else rendered(refusal))
        return True

    # --- httptools

    def on_message_begin(self) -> None:
        self._begun += 1
        if self.waits:
            raise _Malformed(Refusal(400, "InvalidRequest", "a request while GET next waits on this connection"))
        self._request = Request()

    def on_url(self, url: bytes) -> None:
        self._request.path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        kept = _SPELT.get(name)
        if kept is None:
            kept = _KEPT.get(name.lower(), "")
        if kept:
            self._request.headers[kept] = value.decode("latin-1")
        elif len(name) == 6 and name.lower() == b"expect" and value.lower() == b"100-continue":
            self._begun += 1
            self._transport.write(CONTINUE)

    def _begin_body(self, request: Request) -> None:
        """Here and not when the head is complete, because every request has a head and few have this header."""
        request_id, kind = _answer_path(request.path)
        if kind == "response" and request.path.startswith(INVOCATION) and self._parser.get_method() == b"POST":
            request.sink = self._api.stream(request_id, request.headers)
        if request.sink is not None:
            request.limit = errors.MAX_STREAM

    def on_body(self, body: bytes) -> None:
        if self._request.size == 0 and RESPONSE_MODE in self._request.headers:
            self._begin_body(self._request)
        if not self._request.add(body):
            self._transport.pause_reading()
            sink = self._request.sink
            assert sink is not None
            sink.resume = self._resume

    def _resume(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def on_message_complete(self) -> None:
        request = self._request
        request.complete = True
        request.method = self._parser.get_method()
        answer = self._route(request)
        if answer:
            self._transport.write(answer)
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

    @property
    def was_reset(self) -> bool:
        """Whether the other end has gone without reading all it was sent; also before the event loop has seen that."""
        if self._reset is None:
            sock = self._transport.get_extra_info("socket")
            return bool(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _TCP_CLOSE)
        return self._reset

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    def _fail(self, refusal: Refusal) -> None:
        self._transport.write(rendered(refusal, close=True))
        self._transport.close()

    def _route(self, request: Request) -> bytes:
        """The answer; empty when it was given already, or comes later."""
        path = request.path
        if path == NEXT:
            refusal = self._api.next(self) if request.method == b"GET" else _wrong_method(request)
            return b"" if refusal is None else rendered(refusal)
        if path.startswith(INVOCATION):
            refusal = self._route_answer(request)
            return ACCEPTED if refusal is None else rendered(refusal)
        return self._route_rare(request)

    def _route_answer(self, request: Request) -> Refusal | None:
        request_id, kind = _answer_path(request.path)
        answer = _ANSWERS.get(kind)
        if answer is None:
            return _not_found(request)
        if request.method != b"POST":
            return _wrong_method(request)
        return answer(self._api, request_id, request)

    def _route_rare(self, request: Request) -> bytes:
        path = request.path
        if path == INIT_ERROR:
            refusal = self._api.init_error(request) if request.method == b"POST" else _wrong_method(request)
            return ACCEPTED if refusal is None else rendered(refusal)
        if path == EXTENSION_NEXT and self._api.extensions is not None:
            return self._extension_next(self._api.extensions, request)
        if path == RESTORE_NEXT:
            return rendered(conversation.RESTORE_UNSUPPORTED if request.method == b"GET" else _wrong_method(request))
        if path == RESTORE_ERROR:
            refusal = self._api.restore_error(request) if request.method == b"POST" else _wrong_method(request)
            return ACCEPTED if refusal is None else rendered(refusal)
        route = self._api.routes.get(path)
        if route is None:
            return rendered(_not_found(request))
        return rendered(conversation.TOO_LARGE if request.size > request.limit else route(request))

    def _extension_next(self, extensions: Extensions, request: Request) -> bytes:
        if request.method != b"GET":
            return rendered(_wrong_method(request))
        self.waits = True
        refusal = extensions.next(request.headers.get(EXTENSION_ID, ""), self)
        if refusal is None:
            return b""
        self.waits = False
        return rendered(refusal)


_ANSWERS: dict[str, Callable[[RuntimeApi, str, Request], Refusal | None]] = {
    "response": RuntimeApi.response,
    "error": RuntimeApi.error,
}


class _Malformed(Exception):
    """A request that can't be read further; raised inside the parser's callbacks."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def _answer_path(path: bytes) -> tuple[str, str]:
    """Of /…/invocation/{request id}/{kind}."""
    request_id, _, kind = path[len(INVOCATION) :].decode("latin-1").partition("/")
    return request_id, kind


def _extension_routes(extensions: Extensions) -> dict[bytes, Route]:
    """The parts of the Extensions API that are answered at once."""

    def posted(answer: Callable[["Request"], "Reply | Refusal"]) -> Route:
        return lambda request: answer(request) if request.method == b"POST" else _wrong_method(request)

    def register(request: Request) -> Reply | Refusal:
        headers = request.headers
        name, features = headers.get(EXTENSION_NAME, ""), headers.get(EXTENSION_FEATURES, "")
        return extensions.register(name, features, request.body)

    def init_error(request: Request) -> Reply | Refusal:
        headers = request.headers
        return extensions.init_error(headers.get(EXTENSION_ID, ""), headers.get(EXTENSION_ERROR_TYPE, ""))

    def exit_error(request: Request) -> Reply | Refusal:
        headers = request.headers
        return extensions.exit_error(headers.get(EXTENSION_ID, ""), headers.get(EXTENSION_ERROR_TYPE, ""))

    return {
        EXTENSION + b"register": posted(register),
        EXTENSION + b"init/error": posted(init_error),
        EXTENSION + b"exit/error": posted(exit_error),
    }


def rendered(answer: Reply | Refusal, close: bool = False) -> bytes:
    """The HTTP answer of a reply or a refusal."""
    body = answer.body
    extra = "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
    head = (
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\nContent-Type: {answer.content_type}\r\n{extra}"
        f"Connection: {'close' if close else 'keep-alive'}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _not_found(request: Request) -> Refusal:
    return Refusal(404, "ResourceNotFound", f"no such resource: {request.path.decode('latin-1')[:200]}")


def _wrong_method(request: Request) -> Refusal:
    return Refusal(405, "MethodNotAllowed", f"{request.method.decode('latin-1')} is not allowed here")
