"""HTTP/1.1 on asyncio and httptools: bytes in, `Request`; `Response`, bytes out. Who begins with HTTP/2 is handed to
`http2`.

One request at a time per connection; a pipelined one waits for the answer of the one before it (RFC 9112, section
9.3.2). What a request means is the business of the two roads it is given: `short`, which may take a request without
a task and answer later by calling back, and `chain`, which takes all the others.
"""

import asyncio
import functools
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import IO, Any, cast

import httptools

from lambent.gateway import http2, target
from lambent.gateway.duplex import Peer, hand_over
from lambent.gateway.head import NO_BODY, head
from lambent.gateway.intake import (
    PART_BYTES,
    Door,
    Intake,
    Untold,
    close,
    spool,
)
from lambent.wire.http import Request, Response

MAX_HEAD = 1 << 20
"""Bytes of request line and headers (Lambda quotas: 1 MB)."""
MAX_HEADERS = 1_000
SEPARATORS = 4
"""Bytes of a header beside its name and value."""
MAX_BODY = (5 << 30) + (64 << 20)
"""Bytes of a body: the largest object that S3 takes at once, and its coding in chunks."""
PIECES, PIECE_BYTES = 20_000, 16
"""From so many chunks of a body on they have to have so many bytes on average: each one is a call of `on_body`."""
MAX_PIPELINED = 16
STREAM_BUFFER = 1 << 16

_KEYS = {
    spelt: name.lower()
    for name in (
        *("Host", "User-Agent", "Accept", "Accept-Encoding", "Connection", "Content-Type", "Content-Length", "Expect"),
        *("Authorization", "X-Amz-Date", "X-Amz-Content-SHA256", "X-Amz-Security-Token", "X-Amz-Target"),
        *("X-Amz-Invocation-Type", "X-Amz-Log-Type", "X-Amzn-Trace-Id", "Amz-Sdk-Request", "Amz-Sdk-Invocation-Id"),
    )
    for spelt in (name.encode(), name.lower().encode())
}
"""What clients send with every request, as they spell it."""

Chain = Callable[[Request], Awaitable[Response]]
Respond = Callable[[Response], None]
Short = Callable[[Request, Respond], bool]

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Refused(Exception):
    """A request that is not worth parsing further; `status` says why, `text` more of it."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(status, text)
        self.status = status
        self.text = text


class Connection(asyncio.Protocol):
    """One client's connection."""

    __slots__ = (
        "_began", "_body", "_body_bytes", "_busy", "_chain", "_closing", "_door", "_drained", "_file", "_half",
        "_head_bytes", "_head_only", "_headed", "_headers", "_heard", "_held", "_keep_alive", "_lines", "_parser",
        "_paused", "_peer", "_pieces", "_queued", "_rest", "_short", "_task", "_transport", "_untold", "_url",
        "_waiting", "_writing",
    )  # fmt: skip

    def __init__(self, chain: Chain, short: Short, door: Door) -> None:
        self._chain, self._short, self._door = chain, short, door
        self._rest: bytes | None = None
        self._began, self._heard, self._held, self._queued = 0.0, 0.0, 0, 0
        self._writing: asyncio.Task[None] | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._busy = self._closing = self._head_only = self._half = self._paused = False
        self._keep_alive = True
        self._task: asyncio.Task[None] | None = None
        self._drained: asyncio.Event | None = None
        self._body: list[bytes]
        self._file: IO[bytes] | None
        self._begin()

    # --- the transport's calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._peer = cast(asyncio.Transport, transport), Peer(transport)
        if not self._door.admit(self):
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._closing = True
        self._door.leave(self)
        self._hold(0)
        if self._task is not None:
            self._task.cancel()
        if self._writing is None or self._writing.done():
            close(self._file)
        close(*(request.file for request, _ in self._waiting))
        self.resume_writing()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
            if self._half:
                self._wait_for_more(len(data))
        except httptools.HttpParserUpgrade as upgrade:
            self._upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserCallbackError as error:
            cause = error.__context__
            self._refuse(*cause.args if isinstance(cause, Refused) else (400,))
        except httptools.HttpParserError:
            if data.startswith(http2.PREFACE) and not self._busy:
                self.connection_lost(None)
                http2.take_over(self._transport, data, self._chain, self._door)
            else:
                self._refuse(400)
        except Refused as refused:
            self._refuse(refused.status, refused.text)

    def pause_writing(self) -> None:
        self._drained = asyncio.Event()

    def resume_writing(self) -> None:
        if self._drained is not None:
            self._drained.set()
            self._drained = None

    @property
    def is_idle(self) -> bool:
        """Whether it waits for a request, of which nothing has come."""
        return not (self._busy or self._half or self._closing or self._transport.get_protocol() is not self)

    def abort(self) -> None:
        """Close now, whatever is under way."""
        self._transport.abort()

    # --- a request that is not whole yet

    def expire(self, now: float) -> None:
        """Give up a request that takes too long (`now` is the loop's time). One behind another may wait."""
        received = self._head_bytes + self._body_bytes
        if not self._busy and not self._paused and self._door.is_overdue(self._began, self._heard, received, now):
            self._refuse(408)

    def _wait_for_more(self, size: int) -> None:
        """What there is of it counts from here on, `size` bytes more than before. Raises Refused."""
        _bound_head(self._head_bytes, len(self._lines))
        if self._untold.count(size, self._head_bytes + self._body_bytes) > MAX_HEAD:
            raise Refused(431)
        self._heard = asyncio.get_running_loop().time()
        if not self._began:
            self._began = self._heard
            self._door.half.add(self)
        gathered = self._body_bytes - (self._file.tell() if self._file is not None else 0)
        self._hold(self._queued + self._head_bytes + self._untold.bytes + gathered + PART_BYTES * len(self._body))
        if gathered > self._door.bounds.gathered(self._file is not None):
            self._pause()
            if not self._busy:  # else it can wait where it comes from
                self._spool()

    def _hold(self, count: int) -> None:
        """Hold so many bytes of the door's share. Raises Refused."""
        if not self._door.unfinished.take(count - self._held):
            raise Refused(503, "too many requests are under way at once: more bytes than this server holds in memory")
        self._held = count

    def _spool(self) -> None:
        """Nothing more is read until what is there is on disk."""
        parts, self._body = self._body, []
        self._writing = asyncio.get_running_loop().create_task(self._write(parts))

    async def _write(self, parts: list[bytes]) -> None:
        try:
            self._file = await asyncio.to_thread(spool, self._file, self._door.spool, parts)
        except OSError as error:
            self._refuse(503, f"the server's disk does not take the body: {error.strerror}")
            return
        if self._closing:
            self._file.close()
        else:
            self._hold(0)
            self._heard = asyncio.get_running_loop().time()
            self._resume()

    def _pause(self) -> None:
        self._paused = True
        self._transport.pause_reading()

    def _resume(self) -> None:
        self._paused = False
        self._transport.resume_reading()

    # --- the parser's calls

    def _begin(self) -> None:
        self._headers: dict[str, str] = {}
        self._lines: list[tuple[bytes, bytes]] = []
        self._body, self._file = [], None
        self._head_bytes = self._body_bytes = self._pieces = 0
        self._url, self._headed, self._untold = b"", False, Untold()

    def on_message_begin(self) -> None:
        self._begin()
        self._half = True

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._head_bytes += len(url)
        if self._head_bytes > MAX_HEAD:
            raise Refused(431)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value) + SEPARATORS
        if not self._headed:  # else a trailer: what the request is was decided before it (RFC 9110, section 6.5.1)
            self._lines.append((name, value))

    def on_headers_complete(self) -> None:
        _bound_head(self._head_bytes, len(self._lines))
        lines, keys = self._lines, _KEYS
        headers = {keys.get(name) or name.decode("latin-1").lower(): value.decode("latin-1") for name, value in lines}
        if len(headers) < len(lines):
            _join(headers, lines)
        self._headers, self._headed = headers, True
        _check_head(headers, self._parser)
        if "expect" in headers and headers["expect"].lower() == "100-continue" and not self._busy:
            self._transport.write(_CONTINUE)

    def on_body(self, data: bytes) -> None:
        self._body_bytes += len(data)
        if self._body_bytes > MAX_BODY:
            raise Refused(413)
        self._body.append(data)
        self._pieces += 1
        if self._pieces > PIECES:
            _check_pieces(self._pieces, self._body_bytes)

    def on_message_complete(self) -> None:
        self._half = False
        url = self._url if self._url.startswith(b"/") else _origin_form(self._url, self._headers, self._lines)
        path, _, query = url.decode("latin-1").partition("?")
        file, body = _whole(self._file, self._body)
        self._file = None
        method = self._parser.get_method().decode("ascii")
        inside = self._door.inside
        request = Request(method, path, query, self._headers, body, inside, file, lines=self._lines, client=self._peer)
        keep_alive = self._parser.should_keep_alive()
        if "upgrade" in self._headers and _wants_websocket(self._headers, self._parser) and not self._busy:
            self._rest, keep_alive = b"", False
        if self._began:
            self._began = 0.0
            self._door.half.discard(self)
            self._hold(self._queued)
        if self._busy:
            self._wait_in_line(request, keep_alive)
        else:
            self._start(request, keep_alive)

    def _upgrade(self, rest: bytes) -> None:
        """The parser has read a request for another protocol: `rest` is in that, if it comes to it."""
        if self._rest is not None:
            self._rest = rest
            self._pause()
        elif self._parser.get_method() == b"CONNECT":
            self._refuse(501)
        elif rest:
            self.data_received(rest)

    def _wait_in_line(self, request: Request, keep_alive: bool) -> None:
        """Behind the request that is being answered. Raises Refused."""
        self._hold(self._held + len(request.body))
        self._queued += len(request.body)
        self._waiting.append((request, keep_alive))
        if len(self._waiting) >= MAX_PIPELINED:
            self._pause()

    # --- from request to response

    def _start(self, request: Request, keep_alive: bool) -> None:
        self._busy, self._keep_alive = True, keep_alive
        self._head_only = request.method == "HEAD"
        if not self._short(request, self._finish):
            self._task = asyncio.get_running_loop().create_task(self._answer(request))
            if request.file is not None:
                self._task.add_done_callback(functools.partial(_answered, request.file))

    async def _answer(self, request: Request) -> None:
        response = await self._chain(request)
        if response.takeover is not None:
            self._task = None  # it ends by itself, not with the client
            if not self._closing and self._rest is not None:
                self._paused = False
                await hand_over(self._transport, response, self._rest, self.connection_lost)
        elif isinstance(response.body, bytes):
            self._finish(response)
        else:
            try:
                await self._stream(response, response.body)
            except Exception:
                self.abort()
                raise
            self._next()

    def _finish(self, response: Response) -> None:
        if self._closing:
            return
        body = cast(bytes, response.body)
        top = head(response, len(body), self._keep_alive)
        _write(self._transport, top, b"" if self._head_only or response.status in NO_BODY else body)
        self._next()

    def _next(self) -> None:
        self._task = None
        if not self._keep_alive:
            self._closing = True
            self._transport.close()
            return
        self._busy = False
        if self._closing:
            return
        if self._waiting:
            request, keep_alive = self._waiting.popleft()
            self._queued -= len(request.body)
            self._hold(self._held - len(request.body))
            if self._paused:
                self._resume()
            self._start(request, keep_alive)
        elif self._paused:
            self._spool()

    async def _stream(self, response: Response, body: AsyncIterator[bytes]) -> None:
        """In chunks, or as it is when its length is known."""
        known = any(name == "Content-Length" for name, _ in response.headers)
        self._transport.write(head(response, 0 if known else None, self._keep_alive))
        async for chunk in body:
            if chunk and not self._head_only:
                self._transport.write(chunk if known else b"%x\r\n%b\r\n" % (len(chunk), chunk))
            if self._drained is not None:
                await self._drained.wait()
        if not self._head_only and not known:
            self._transport.write(b"0\r\n\r\n")

    def _refuse(self, status: int, text: str = "") -> None:
        if self._closing:
            return
        self._keep_alive = self._half = False
        self._body = []
        self._pause()
        if not self._busy:
            body = text.encode()
            self._transport.write(head(Response(status), len(body), False) + body)
            self._closing = True
            self._transport.close()


def _write(transport: asyncio.Transport, top: bytes, body: bytes) -> None:
    if len(body) < STREAM_BUFFER:
        transport.write(top + body)
    else:
        transport.writelines((top, body))


def _bound_head(size: int, lines: int) -> None:
    """Looked at when the head is whole, and whenever more of it came. Raises Refused."""
    if size > MAX_HEAD or lines > MAX_HEADERS:
        raise Refused(431)


def _check_pieces(count: int, size: int) -> None:
    """Raises Refused."""
    if size < count * PIECE_BYTES:
        raise Refused(400, "the body comes in chunks that are too small")


def _answered(file: IO[bytes], _task: "asyncio.Task[None]") -> None:
    close(file)


def _whole(file: IO[bytes] | None, parts: list[bytes]) -> tuple[IO[bytes] | None, bytes]:
    """A body as a file or as bytes. Raises Refused."""
    if file is None:
        return None, parts[0] if len(parts) == 1 else b"".join(parts)
    try:
        spool(file, None, parts).seek(0)
    except OSError as error:
        raise Refused(503, f"the server's disk does not take the body: {error.strerror}") from error
    return file, b""


def _origin_form(url: bytes, headers: dict[str, str], lines: list[tuple[bytes, bytes]]) -> bytes:
    """Raises Refused."""
    told = target.origin_form(url, headers, lines)
    if told is None:
        raise Refused(400)
    return told


def _check_head(headers: Mapping[str, str], parser: Any) -> None:
    """Raises Refused for no host (RFC 9112, section 3.2), and for a body that is too long, or in a coding that is not
    read (section 6.1)."""
    if "host" not in headers and parser.get_http_version() == "1.1":
        raise Refused(400)
    if int(headers.get("content-length") or 0) > MAX_BODY:
        raise Refused(413)
    if "transfer-encoding" in headers and headers["transfer-encoding"].lower() != "chunked":
        raise Refused(501)


def _join(headers: dict[str, str], lines: Sequence[tuple[bytes, bytes]]) -> None:
    """Put the values of headers that were sent more than once behind one another. Raises Refused for two hosts
    (RFC 9112, section 3.2)."""
    values: dict[str, list[str]] = {}
    for name, value in lines:
        values.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    if len(values.get("host", ())) > 1:
        raise Refused(400)
    headers.update({key: ", ".join(texts) for key, texts in values.items()})


def _wants_websocket(headers: dict[str, str], parser: httptools.HttpRequestParser) -> bool:
    """Whether it is to be WebSocket; other protocols may be left unnoticed, and what HTTP/1.0 asks (RFC 9110, section
    7.8). Raises Refused where the parser has left a body unread."""
    if parser.get_http_version() == "1.0":
        return False
    if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
        raise Refused(501)
    return headers["upgrade"].lower() == "websocket"


def _no_short_road(_request: Request, _respond: Respond) -> bool:
    return False


class Listener:
    """Accepts connections on listening sockets until it is closed; `chain` and `short` take their requests."""

    def __init__(self, chain: Chain, short: Short, intake: Intake | None = None) -> None:
        self._chain = chain
        self._short = short
        self._intake = intake or Intake()
        self._doors: dict[asyncio.Server, Door] = {}
        self._sweeper: asyncio.TimerHandle | None = None

    async def serve(
        self,
        listening: socket.socket,
        inside: str = "",
        tls: ssl.SSLContext | None = None,
        chain: Chain | None = None,
    ) -> asyncio.Server:
        """Accept on `listening`, which is closed with the server that is answered (or with this listener): the
        endpoint itself, with `tls` over HTTPS, or the one that the environment with the access key `inside` sees. With
        `chain` all that comes there is for that alone."""
        door = self._intake.inside(inside) if inside else self._intake.outside()
        loop = asyncio.get_running_loop()
        roads = (self._chain, self._short) if chain is None else (chain, _no_short_road)
        make = functools.partial(Connection, *roads, door)
        server = await loop.create_server(make, sock=listening, backlog=1024, ssl=tls)
        self._doors[server] = door
        if self._sweeper is None:
            self._sweep()
        return server

    def forget(self, server: asyncio.Server) -> None:
        """Stop accepting on the socket of one `serve`, and drop its connections."""
        server.close()
        door = self._doors.pop(server, None)
        if door is not None:
            door.drop()

    async def close(self) -> None:
        """Stop accepting and drop the connections that are open."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        for server in tuple(self._doors):
            self.forget(server)
        await asyncio.sleep(0)

    def _sweep(self) -> None:
        """Give up the requests that take too long."""
        loop = asyncio.get_running_loop()
        self._sweeper = loop.call_later(self._intake.bounds.sweep, self._sweep)
        now = loop.time()
        for door in self._doors.values():
            for connection in tuple(door.half):
                connection.expire(now)
