"""The AWS services that are not answered here: requests go to them as they came, and their answers come back."""

import asyncio
import io
import logging
from collections.abc import Mapping
from typing import Any

import aiohttp
from yarl import URL

from lambent.model.scope import Caller
from lambent.neighbour.endpoints import Endpoints
from lambent.neighbour.process import MotoProcess
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response

log = logging.getLogger(__name__)

START_SECONDS = 20.0
"""How long a request waits for moto to come up."""
CONNECTIONS = 32
"""At once, to each neighbour: moto has a thread for each."""
CONNECT_SECONDS = 5.0
PIECE = 1 << 16
BODILESS = ("GET", "HEAD", "DELETE")
"""Methods whose request has no Content-Length when it has no body."""
READ_SECONDS = 60.0
"""Without a byte from a neighbour for so long, the request is given up."""
READING = ("GET", "HEAD")
"""Methods to which no AWS API gives a body; moto's server would take one for the next request."""
HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te"),
        *("trailer", "transfer-encoding", "upgrade", "expect", "content-length"),
    }
)
"""RFC 9110, section 7.6.1; Expect was met by our listener, the length is told by the body."""
OWN_HEADERS = frozenset({"user-agent", "accept", "accept-encoding", "content-type"})
"""What aiohttp would add to a request that comes without them."""


class Neighbour:
    """moto in a process of its own, and the endpoints that `urls` gives to services (botocore's names) instead."""

    def __init__(self, urls: Mapping[str, str] | None = None, moto: MotoProcess | None = None) -> None:
        self._endpoints = Endpoints(urls or {})
        self._moto = moto or MotoProcess()
        self._session: aiohttp.ClientSession | None = None
        self._generation = 0

    async def start(self) -> None:
        """Begin to start moto and come back at once. Raises OSError when no port can be had."""
        self._moto.start()

    async def forward(self, request: Request, caller: Caller | None, service: str) -> Response:
        """What the neighbour answers, status and headers and all.

        Raises Fault ServiceUnavailable (503), which names what happened, when it can't be reached.
        """
        if not request.path.startswith("/"):  # it would become a part of the host's name
            raise Fault("InvalidURI", f"The request target must be a path: {request.path}", status=400)
        base = self._endpoints.choose(service)
        headers = {name: _utf8(value) for name, value in request.headers.items() if name not in HOP_BY_HOP}
        if base is None:
            await self._moto_ready(service)
            base = f"http://127.0.0.1:{self._moto.port}"
            if caller is not None:
                headers["x-moto-account-id"] = caller.scope.account
                if caller.trace_id:
                    headers["x-amzn-trace-id"] = caller.trace_id
        target = f"{base}{request.path}?{request.query}" if request.query else f"{base}{request.path}"
        try:
            return await self._send(request, target, headers)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise self._unavailable(service, error) from error

    def status(self) -> dict[str, Any]:
        """For the health page: moto's state, process id, starts and why it died last."""
        moto = self._moto
        return {
            "state": moto.state.value,
            "pid": moto.pid,
            "starts": moto.starts,
            **({"last_death": moto.reason} if moto.reason else {}),
        }

    async def close(self) -> None:
        """End moto and all connections. Closing twice is allowed."""
        if self._session is not None:
            await self._session.close()
            self._session = None
        await self._moto.close()

    async def _moto_ready(self, service: str) -> None:
        if await self._moto.wait_ready(START_SECONDS):
            return
        if self._moto.reason:
            message = f"moto, which answers {service}, is gone: {self._moto.reason}. It is being started again, empty."
        else:
            message = f"moto, which answers {service}, is not up yet ({self._moto.state.value}). Try again."
        raise Fault("ServiceUnavailable", message, status=503)

    async def _send(self, request: Request, target: str, headers: dict[str, str]) -> Response:
        async with self._connections().request(
            request.method,
            URL(target, encoded=True),
            data=_body(request),
            headers=headers,
            skip_auto_headers=OWN_HEADERS,
            allow_redirects=False,
        ) as answer:
            content = await answer.read()
            return Response(answer.status, _headers(request.method, answer), content)

    def _connections(self) -> aiohttp.ClientSession:
        """The session of this life of moto; connections to a dead one are not used again."""
        if self._session is not None and self._generation != self._moto.starts:
            asyncio.get_running_loop().create_task(self._session.close())
            self._session = None
        if self._session is None:
            self._generation = self._moto.starts
            self._session = aiohttp.ClientSession(
                # moto's server leaves a body that it has no use for where the connection's next request is awaited.
                connector=aiohttp.TCPConnector(limit_per_host=CONNECTIONS, limit=0, force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=READ_SECONDS),
                auto_decompress=False,
                trust_env=False,
            )
        return self._session

    def _unavailable(self, service: str, error: Exception) -> Fault:
        url = self._endpoints.choose(service)
        where = f"the endpoint of {service}, {url}," if url else f"moto, which answers {service},"
        log.warning("%s failed: %r", where, error)
        what = str(error) or type(error).__name__
        return Fault("ServiceUnavailable", f"{where} did not answer: {what}", status=503)


def _body(request: Request) -> bytes | io.BytesIO | None:
    """A large one as a file, which is written piece by piece so that others have their turn."""
    if not request.body or request.method in READING:
        return None if request.method in BODILESS else b""
    return request.body if len(request.body) < PIECE else io.BytesIO(request.body)


def _headers(method: str, answer: aiohttp.ClientResponse) -> list[tuple[str, str]]:
    """All but those of the connection. A HEAD's length is that of the body which is not there."""
    dropped = HOP_BY_HOP - {"content-length"} if method == "HEAD" else HOP_BY_HOP
    return [
        (name, value.encode("utf-8", "replace").decode())
        for name, value in answer.headers.items()
        if name.lower() not in dropped
    ]


def _utf8(value: str) -> str:
    """A header's bytes, which our listener reads as Latin-1, as the UTF-8 that aiohttp writes."""
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value
