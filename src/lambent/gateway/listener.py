"""HTTP/1.1 on asyncio and httptools: bytes in, `Request`; `Response`, bytes out.

One request at a time per connection; a pipelined one waits for the answer of the one before it (RFC 9112, section
9.3.2). What a request means is the business of the two roads it is given: `short`, which may take a request without
a task and answer later by calling back, and `chain`, which takes all the others.
"""

import asyncio
import http
import socket
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from email.utils import formatdate
from time import time
from typing import cast

import httptools

from lambent.wire.http import Request, Response

MAX_HEAD = 1 << 20
"""Bytes of request line and headers (Lambda quotas: 1 MB)."""
MAX_BODY = 1 << 30
"""Bytes of a body that is held in memory; the largest single S3 upload part that clients make by default is 8 MB."""
MAX_PIPELINED = 16
STREAM_BUFFER = 1 << 16

Chain = Callable[[Request], Awaitable[Response]]
Respond = Callable[[Response], None]
Short = Callable[[Request, Respond], bool]

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_STATUS_LINES = {s.value: f"HTTP/1.1 {s.value} {s.phrase}\r\n".encode() for s in http.HTTPStatus}
_NO_BODY = frozenset({204, 304})


class _Date:
    """The Date header's value, formatted once a second."""

    __slots__ = ("_line", "_second")

    def __init__(self) -> None:
        self._second = 0
        self._line = b""

    def line(self) -> bytes:
        second = int(time())
        if second != self._second:
            self._second = second
            self._line = f"Date: {formatdate(second, usegmt=True)}\r\n".encode()
        return self._line


_date = _Date()


class Refused(Exception):
    """A request that is not worth parsing further; `status` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Connection(asyncio.Protocol):
    """One client's connection."""

    __slots__ = (
        "_body", "_body_bytes", "_busy", "_chain", "_closing", "_drained", "_head_bytes", "_head_only", "_headers",
        "_keep_alive", "_open", "_parser", "_short", "_task", "_transport", "_url", "_waiting",
    )  # fmt: skip

    def __init__(self, chain: Chain, short: Short, open_connections: "set[Connection]") -> None:
        self._chain = chain
        self._short = short
        self._open = open_connections
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._busy = self._closing = self._head_only = False
        self._keep_alive = True
        self._task: asyncio.Task[None] | None = None
        self._drained: asyncio.Event | None = None
        self._begin()

    # --- the transport's calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._closing = True
        self._open.discard(self)
        if self._task is not None:
            self._task.cancel()
        self.resume_writing()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(501)
        except httptools.HttpParserCallbackError as error:
            cause = error.__context__
            self._refuse(cause.status if isinstance(cause, Refused) else 400)
        except httptools.HttpParserError:
            self._refuse(400)

    def pause_writing(self) -> None:
        self._drained = asyncio.Event()

    def resume_writing(self) -> None:
        if self._drained is not None:
            self._drained.set()
            self._drained = None

    def abort(self) -> None:
        """Close now, whatever is under way."""
        self._transport.abort()

    # --- the parser's calls

    def _begin(self) -> None:
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._head_bytes = self._body_bytes = 0

    def on_message_begin(self) -> None:
        self._begin()

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._count_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count_head(len(name) + len(value))
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers = self._headers
        headers[key] = f"{headers[key]}, {text}" if key in headers else text

    def on_headers_complete(self) -> None:
        if int(self._headers.get("content-length") or 0) > MAX_BODY:
            raise Refused(413)
        if self._headers.get("expect", "").lower() == "100-continue" and not self._busy:
            self._transport.write(_CONTINUE)

    def on_body(self, data: bytes) -> None:
        self._body_bytes += len(data)
        if self._body_bytes > MAX_BODY:
            raise Refused(413)
        self._body.append(data)

    def on_message_complete(self) -> None:
        path, _, query = self._url.decode("latin-1").partition("?")
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        request = Request(self._parser.get_method().decode("ascii"), path, query, self._headers, body)
        keep_alive = self._parser.should_keep_alive()
        if self._busy:
            self._waiting.append((request, keep_alive))
            if len(self._waiting) >= MAX_PIPELINED:
                self._transport.pause_reading()
        else:
            self._start(request, keep_alive)

    def _count_head(self, count: int) -> None:
        self._head_bytes += count
        if self._head_bytes > MAX_HEAD:
            raise Refused(431)

    # --- from request to response

    def _start(self, request: Request, keep_alive: bool) -> None:
        self._busy = True
        self._keep_alive = keep_alive
        self._head_only = request.method == "HEAD"
        if not self._short(request, self._finish):
            self._task = asyncio.get_running_loop().create_task(self._answer(request))

    async def _answer(self, request: Request) -> None:
        response = await self._chain(request)
        if isinstance(response.body, bytes):
            self._finish(response)
        else:
            await self._stream(response, response.body)
            self._next()

    def _finish(self, response: Response) -> None:
        if self._closing:
            return
        body = cast(bytes, response.body)
        head = self._head(response, len(body))
        if self._head_only or response.status in _NO_BODY:
            self._transport.write(head)
        elif len(body) < STREAM_BUFFER:
            self._transport.write(head + body)
        else:
            self._transport.writelines((head, body))
        self._next()

    def _next(self) -> None:
        self._task = None
        if not self._keep_alive:
            self._closing = True
            self._transport.close()
            return
        self._busy = False
        if self._waiting and not self._closing:
            request, keep_alive = self._waiting.popleft()
            self._transport.resume_reading()
            self._start(request, keep_alive)

    def _head(self, response: Response, length: int | None) -> bytes:
        status = _STATUS_LINES.get(response.status) or b"HTTP/1.1 %d Unknown\r\n" % response.status
        lines = [status, _date.line(), response.head]
        names = set()
        for name, value in response.headers:
            names.add(name.lower())
            lines.append(f"{name}: {value}\r\n".encode())
        if length is None:
            lines.append(b"Transfer-Encoding: chunked\r\n")
        elif "content-length" not in names and response.status not in _NO_BODY:
            lines.append(b"Content-Length: %d\r\n" % length)
        lines.append(b"\r\n" if self._keep_alive else b"Connection: close\r\n\r\n")
        return b"".join(lines)

    async def _stream(self, response: Response, body: AsyncIterator[bytes]) -> None:
        self._transport.write(self._head(response, None))
        async for chunk in body:
            if chunk and not self._head_only:
                self._transport.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            if self._drained is not None:
                await self._drained.wait()
        if not self._head_only:
            self._transport.write(b"0\r\n\r\n")

    def _refuse(self, status: int) -> None:
        if self._closing:
            return
        self._keep_alive = False
        if not self._busy:
            self._transport.write(self._head(Response(status), 0))
            self._closing = True
            self._transport.close()


class Listener:
    """Accepts connections on listening sockets until it is closed; `chain` and `short` take their requests."""

    def __init__(self, chain: Chain, short: Short) -> None:
        self._chain = chain
        self._short = short
        self._servers: set[asyncio.Server] = set()
        self._open: set[Connection] = set()

    async def serve(self, listening: socket.socket) -> asyncio.Server:
        """Accept on `listening`, which is closed with the server that is answered (or with this listener)."""
        server = await asyncio.get_running_loop().create_server(self._connection, sock=listening, backlog=1024)
        self._servers.add(server)
        return server

    def forget(self, server: asyncio.Server) -> None:
        """Stop accepting on the socket of one `serve`."""
        server.close()
        self._servers.discard(server)

    async def close(self) -> None:
        """Stop accepting and drop the connections that are open."""
        for server in self._servers:
            server.close()
        for connection in tuple(self._open):
            connection.abort()
        await asyncio.sleep(0)

    def _connection(self) -> Connection:
        return Connection(self._chain, self._short, self._open)
