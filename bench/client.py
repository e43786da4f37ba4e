"""The HTTP client of every measurement: raw keep-alive connections, no signing, no copies, no tasks.

The same client and the same bytes (but for the host) go to Lambent, to the references and to a peer.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter_ns
from typing import cast
from urllib.parse import urlsplit

import httptools

AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/{}/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=" + "0" * 64
)
PATIENCE = 60.0
"""Seconds to wait for one answer."""
INVOCATIONS = "/2015-03-31/functions/{}/invocations"


class BenchError(Exception):
    """A measurement that can't be believed: a wrong answer, a lost connection, a process that died."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where something listens."""

    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> "Endpoint":
        """From `http://host:port`."""
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise BenchError(f"{url}: an endpoint such as http://127.0.0.1:4566 is needed")
        return cls(parts.hostname, parts.port or 80)

    def request(self, method: str, path: str, body: bytes = b"", headers: str = "", service: str = "lambda") -> bytes:
        """A whole request with an Authorization header that names account, region and service.

        `headers` are further ones, each with its end of line.
        """
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
            f"Authorization: {AUTHORIZATION.format(service)}\r\n"
            "X-Amz-Date: 20260101T000000Z\r\nContent-Type: application/json\r\n"
            f"{headers}Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def invocation(self, function: str, payload: bytes, kind: str = "RequestResponse") -> bytes:
        """An Invoke request; `kind` is its InvocationType."""
        headers = "" if kind == "RequestResponse" else f"X-Amz-Invocation-Type: {kind}\r\n"
        return self.request("POST", INVOCATIONS.format(function), payload, headers)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer and how long it took, in nanoseconds from the first byte sent to the last received."""

    status: int
    body: bytes
    nanoseconds: int
    error: str = ""
    """X-Amz-Function-Error."""

    def json(self) -> dict[str, object]:
        """The body, which must come with a status below 300 and from a function that did not fail."""
        if self.status >= 300 or self.error:
            raise BenchError(f"answer {self.status} {self.error}: {self.body[:300]!r}")
        return cast(dict[str, object], json.loads(self.body or b"{}"))


class Connection(asyncio.Protocol):
    """One keep-alive connection, one request at a time; `done` is called with each answer."""

    def __init__(self, done: Callable[["Connection", Answer], None], lost: Callable[["Connection"], None]) -> None:
        self._done, self._lost = done, lost
        self.waiting = False
        """A request is without its answer."""
        self._parser = httptools.HttpResponseParser(self)
        self._parts: list[bytes] = []
        self._error = ""
        self._sent = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def send(self, request: bytes) -> None:
        """Send a whole request."""
        self._parts, self._error = [], ""
        self.waiting = True
        self._sent = perf_counter_ns()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"x-amz-function-error":
            self._error = value.decode()

    def on_body(self, body: bytes) -> None:
        self._parts.append(body)

    def on_message_complete(self) -> None:
        elapsed = perf_counter_ns() - self._sent
        self.waiting = False
        if not self._parser.should_keep_alive():
            self.transport.close()
        self._done(self, Answer(self._parser.get_status_code(), b"".join(self._parts), elapsed, self._error))

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost(self)


async def connect(
    endpoint: Endpoint, done: Callable[[Connection, Answer], None], lost: Callable[[Connection], None]
) -> Connection:
    """Raises BenchError if nobody listens."""
    loop = asyncio.get_running_loop()
    try:
        _, connection = await loop.create_connection(lambda: Connection(done, lost), endpoint.host, endpoint.port)
    except OSError as error:
        raise BenchError(f"{endpoint.host}:{endpoint.port}: {error}") from error
    return connection


class Caller:
    """A connection for one request after the other: `await caller.call(request)`."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._connection: Connection | None = None
        self._answer: asyncio.Future[Answer] | None = None

    async def call(self, request: bytes) -> Answer:
        """One request and its answer. Raises BenchError, also after a minute without one.

        Connects first when there is no connection; that does not count as time of the answer.
        """
        if self._connection is None or self._connection.transport.is_closing():
            self._connection = await connect(self._endpoint, self._done, self._lost)
        self._answer = asyncio.get_running_loop().create_future()
        self._connection.send(request)
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._answer
        except TimeoutError:
            what, where = request.partition(b" HTTP/")[0].decode(), f"{self._endpoint.host}:{self._endpoint.port}"
            raise BenchError(f"{what} had no answer from {where} in {PATIENCE:.0f} s") from None

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.transport.abort()

    def _done(self, _connection: Connection, answer: Answer) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    def _lost(self, _connection: Connection) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(BenchError("the connection was closed before the answer"))


async def call(endpoint: Endpoint, request: bytes) -> Answer:
    """One request on a connection of its own."""
    caller = Caller(endpoint)
    try:
        return await caller.call(request)
    finally:
        caller.close()
