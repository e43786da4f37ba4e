"""The AWS services that are not answered here: requests go to them as they came, and their answers come back."""

import asyncio
import io
import logging
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote

import aiohttp
from yarl import URL

from lambent.model.scope import Caller
from lambent.neighbour import dynamodb_local, kept, moto_server, request_ids
from lambent.neighbour.bridges import dynamodb, failing
from lambent.neighbour.endpoints import Endpoints
from lambent.neighbour.holdings import RESTARTED, Holdings
from lambent.neighbour.memory.keeping import Keeping
from lambent.neighbour.one_reading import one_reading
from lambent.neighbour.patience import SECONDS
from lambent.neighbour.process import MotoProcess, State
from lambent.neighbour.request_model import Asked
from lambent.neighbour.room import Room
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response
from lambent.wire.reading import Reading
from lambent.wire.service import EC2
from lambent.wire.validate import validate

log = logging.getLogger(__name__)

START_SECONDS = 50.0
"""How long a request waits for moto to come up: a second on a quiet machine. An SDK waits for 60."""
CONNECTIONS = 64
"""At once, to each neighbour: moto has a thread for each."""
WAITING: Mapping[str, int] = {"cognito-idp": 128, "stepfunctions": 128}
"""Services of moto's whose operations wait for functions, which ask moto themselves: at once, in connections apart."""
CONNECT_SECONDS = 5.0
READS, ASKS = "x-lambent-reads", "x-lambent-memory"
"""Headers that `memory.inside` reads."""
ALIVE = "alive"
MOTO = "http://127.0.0.1"
"""Said to moto, whose socket has no such name."""
PIECE = 1 << 16
MOST_HELD = 512 << 20
"""Bytes of all answers that are being read: what answers is not always what one thinks, nor does it always end."""
BODILESS = ("GET", "HEAD", "DELETE")
"""Methods whose request has no Content-Length when it has no body."""
READ_SECONDS = 310.0
"""Without a byte from a neighbour for so long, the request is given up; express workflows take up to five minutes."""
READING = ("GET", "HEAD")
"""Methods to which no AWS API gives a body; moto's server would take one for the next request."""
HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te"),
        *("trailer", "transfer-encoding", "upgrade", "expect", "content-length"),
    }
)
"""RFC 9110, section 7.6.1; Expect was met by our listener, the length is told by the body."""
NOT_PASSED = HOP_BY_HOP | {"date"}
"""Of an answer: our listener dates it."""
ONCE = frozenset({"server", "content-type", "last-modified", "etag"})
"""Headers that a client reads one of: moto's server says some, and moto what counts after it."""
OURS = ("x-lambent-", "x-moto-")
"""Headers in which the gateway tells moto what counts, and those between a client and Lambent: nobody else's pass."""
CORS = "access-control-"
OWN_HEADERS = frozenset({"user-agent", "accept", "accept-encoding", "content-type"})
"""What aiohttp would add to a request that comes without them."""


class Neighbour:
    """moto in a process of its own, and the `endpoints` that services (botocore's names) have instead.

    `holdings` remembers what moto holds, which is kept in `folder`, and says when something is lost. `local` keeps
    DynamoDB Local, if that is to answer DynamoDB. `most` bytes of answers are held at once.
    """

    def __init__(
        self,
        endpoints: Mapping[str, str] | Endpoints | None = None,
        moto: MotoProcess | None = None,
        holdings: Holdings | None = None,
        local: MotoProcess | None = None,
        folder: Path | None = None,
        most: int = MOST_HELD,
    ) -> None:
        self._most = most
        self._rewriting = Reading()
        self.endpoints = endpoints if isinstance(endpoints, Endpoints) else Endpoints(endpoints or {})
        self._moto = moto or MotoProcess()
        self._moto.risen, self._moto.alive = self._give_back, self._alive
        self.holdings = holdings or Holdings()
        self._local = local
        self._local_session: aiohttp.ClientSession | None = None
        self.memory = Keeping(folder, self.holdings, self._ask_memory)
        self._endpoint_session: aiohttp.ClientSession | None = None
        self._moto_sessions: dict[str, aiohttp.ClientSession] = {}
        """Of services with connections apart by their names; the others' is ""."""
        self._generation = 0
        self._reading = 0
        self._rooms: dict[str, Room] = {}

    async def start(self) -> None:
        """Begin to start what is kept here, and come back at once: moto only if it held something, else the first
        request to it does that, for it is a second's work and 100 MB that many never need. Raises OSError when there
        can be no socket."""
        if self.holdings.remembers and not self.endpoints.instead_of_moto:
            self._moto.start()
        if self._local is not None:
            self._local.start()

    async def forward(self, request: Request, caller: Caller | None, service: str) -> Response:
        """What the neighbour answers, status and headers and all.

        Raises Fault ServiceUnavailable (503), which names what happened, when it can't be reached; of moto also when
        what it holds can't be written down,
        NotImplementedException (501) for what it would keep to itself or does not have, InternalFailure (500) for what
        it raises, and StateLost (410) for what would read the state that it lost.
        """
        account = caller.scope.account if caller is not None else ""
        async with self._room(service).place(account):
            return await self._forward(request, caller, service)

    def _room(self, service: str) -> Room:
        """Of whoever answers the service."""
        host = self.endpoints.choose(service) or ""
        name = service if not host and service in WAITING else host
        return self._rooms.setdefault(name, Room(WAITING.get(name, CONNECTIONS)))

    async def _forward(self, request: Request, caller: Caller | None, service: str) -> Response:
        if not request.path.startswith("/"):  # it would become a part of the host's name
            raise Fault("InvalidURI", f"The request target must be a path: {request.path}", status=400)
        if self._local is not None and service in dynamodb_local.SERVICES:
            return await self._ask_local(self._local, request, caller)
        endpoint = self.endpoints.choose(service)
        if endpoint is not None:
            self.endpoints.refuse(Asked(service, request))
            return await self._ask(service, request, endpoint, _passed(request.headers))
        request = await self._rewriting.read(len(request.body), partial(one_reading, Asked(service, request)))
        headers = _passed(request.headers)
        headers[moto_server.SERVICE] = service
        asked = Asked(service, request)
        if asked.reads:
            headers[READS] = "yes"
        if request.principal:
            headers[dynamodb.HEADER] = request.principal
        if caller is not None:
            headers["x-moto-account-id"] = caller.scope.account
            if caller.trace_id:
                headers["x-amzn-trace-id"] = caller.trace_id
        return await self._ask_moto(asked, headers, caller.request_id if caller else "-")

    async def _ask_local(self, local: MotoProcess, request: Request, caller: Caller | None) -> Response:
        """What DynamoDB Local answers. Raises Fault."""
        await dynamodb_local.ready(local)
        if self._local_session is None:
            connector = aiohttp.UnixConnector(local.address, limit_per_host=CONNECTIONS, limit=0, force_close=True)
            self._local_session = _session(connector)
        passed = dynamodb_local.asked(request, caller)
        try:
            found = await self._send(self._local_session, passed, f"{MOTO}{request.path}", _passed(passed.headers))
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Fault(
                "ServiceUnavailable", f"DynamoDB Local did not answer: {type(error).__name__} {error}", status=503
            ) from error
        return dynamodb_local.answered(found, caller)

    async def _ask_moto(self, asked: Asked, headers: dict[str, str], request_id: str) -> Response:
        """Its answer, unless that would be untrue."""
        kept.refuse(asked)
        self.memory.refuse(asked)
        await self._moto_ready(asked.service)
        self.holdings.before(asked)
        life = self._moto.starts
        response = await self._ask(asked.service, asked.request, None, headers)
        request_ids.say(response, request_id, asked.model.protocol if asked.model is not None else "")
        _look_for_failure(asked, response, request_id)
        self.holdings.after(asked, response)
        if self.holdings.changes(asked, response):
            await self._remember(asked, life)
        return response

    async def _ask(self, service: str, request: Request, endpoint: str | None, headers: dict[str, str]) -> Response:
        """What an endpoint answers, or with None moto. Raises Fault."""
        target = f"{endpoint or MOTO}{request.path}{'?' if request.query else ''}{request.query}"
        if endpoint is not None:
            headers = self.endpoints.headers(service, request, target, headers)
        try:
            return await self._send(
                self._to_endpoints() if endpoint else self._to_moto(service), request, target, headers
            )
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise self._unavailable(service, error) from error

    async def _remember(self, asked: Asked, life: int) -> None:
        """A service has changed since that life of moto, which may be over by now."""
        if life != self._moto.starts:
            self.holdings.late(asked, self._why())
        elif self.holdings.news(asked):
            await asyncio.to_thread(self.holdings.hold, asked)
        else:
            self.holdings.hold(asked)
        self.memory.changed()

    def _why(self) -> str:
        """What became of the moto before this one."""
        return f"{self._moto.reason}, and was started again" if self._moto.reason else RESTARTED

    async def _give_back(self) -> None:
        await self.memory.give_back(self._why())

    async def _alive(self) -> None:
        """Ask moto whether it answers anybody, if somebody waits. Raises OSError."""
        if not any(room.is_taken for room in self._rooms.values()):
            return
        reader, writer = await asyncio.open_unix_connection(self._moto.address)
        try:
            writer.write(f"POST / HTTP/1.1\r\n{ASKS}: {ALIVE}\r\nConnection: close\r\n\r\n".encode())
            await reader.read(1)
        finally:
            writer.close()

    async def _ask_memory(self, what: str, body: bytes | None) -> tuple[int, bytes]:
        """Ask the moto that lives. Raises OSError when it ended, or another one answered."""
        life = self._moto.starts
        request = Request("POST", "/", "", {}, body or b"")
        try:
            answer = await self._send(self._to_moto(), request, MOTO, {ASKS: what})
        except aiohttp.ClientError as error:
            raise OSError(str(error)) from error
        if life != self._moto.starts or not isinstance(answer.body, bytes):
            raise OSError("moto has ended")
        return answer.status, answer.body

    def status(self) -> dict[str, Any]:
        """For the health page: moto's state, process id, starts and why it died last."""
        moto = self._moto
        return {
            "state": moto.state.value,
            "pid": moto.pid,
            "starts": moto.starts,
            **({"last_death": moto.reason} if moto.reason else {}),
            **({"dynamodb_local": self._local.state.value} if self._local is not None else {}),
        }

    async def close(self) -> None:
        """End moto and all connections, when what it holds is kept. Closing twice is allowed."""
        if self._moto.state is State.READY:
            await self.memory.close()
        for session in (self._endpoint_session, *self._moto_sessions.values(), self._local_session):
            if session is not None:
                await session.close()
        self._endpoint_session = self._local_session = None
        self._moto_sessions.clear()
        await self._moto.close()
        if self._local is not None:
            await self._local.close()

    async def _moto_ready(self, service: str) -> None:
        """Raises Fault when it does not come up."""
        try:
            self._moto.start()
        except OSError as error:
            text = f"moto, which answers {service}, can't be started: {error.strerror}"
            raise Fault("ServiceUnavailable", text, status=503) from error
        if await self._moto.wait_ready(START_SECONDS):
            return
        if self._moto.reason:
            message = f"moto, which answers {service}, is gone: {self._moto.reason}. It is being started again."
        else:
            message = f"moto, which answers {service}, is not up yet ({self._moto.state.value}). Try again."
        raise Fault("ServiceUnavailable", message, status=503)

    async def _send(
        self, session: aiohttp.ClientSession, request: Request, target: str, headers: dict[str, str]
    ) -> Response:
        async with session.request(
            request.method,
            URL(target, encoded=True),
            data=_body(request),
            headers=headers,
            skip_auto_headers=OWN_HEADERS,
            allow_redirects=False,
        ) as answer:
            content = await self._content(answer)
            return Response(answer.status, _headers(request.method, answer.headers.items()), content)

    async def _content(self, answer: aiohttp.ClientResponse) -> bytes:
        """The whole body. Raises ClientError when all those that are being read are more than is held."""
        parts: list[bytes] = []
        size = 0
        try:
            async for part in answer.content.iter_any():
                size += len(part)
                self._reading += len(part)
                if self._reading > self._most:
                    raise aiohttp.ClientPayloadError(
                        f"its answers are more than the {self._most >> 20} MB that are held"
                    )
                parts.append(part)
        finally:
            self._reading -= size
        return b"".join(parts)

    def _to_endpoints(self) -> aiohttp.ClientSession:
        if self._endpoint_session is None:
            self._endpoint_session = _session(
                aiohttp.TCPConnector(limit_per_host=CONNECTIONS, limit=0, force_close=True, ssl=self.endpoints.trust)
            )
        return self._endpoint_session

    def _to_moto(self, service: str = "") -> aiohttp.ClientSession:
        """The session of this life of moto; connections to a dead one are not used again.

        Its server leaves a body that it has no use for where the connection's next request is awaited.
        """
        if self._generation != self._moto.starts:
            for former in self._moto_sessions.values():
                asyncio.get_running_loop().create_task(former.close())
            self._moto_sessions = {}
            self._generation = self._moto.starts
        name = service if service in WAITING else ""
        if name not in self._moto_sessions:
            most = WAITING.get(name, CONNECTIONS)
            connector = aiohttp.UnixConnector(self._moto.address, limit_per_host=most, limit=0, force_close=True)
            self._moto_sessions[name] = _session(connector)
        return self._moto_sessions[name]

    def _unavailable(self, service: str, error: Exception) -> Fault:
        url = self.endpoints.choose(service)
        where = f"the endpoint of {service}, {url}," if url else f"moto, which answers {service},"
        what = str(error) or type(error).__name__
        log.warning("%s failed: %s: %s", where, type(error).__name__, what)  # its repr has the request's headers
        return Fault("ServiceUnavailable", f"{where} did not answer: {what}", status=503)


def _passed(headers: Mapping[str, str]) -> dict[str, str]:
    """What of a client's headers reaches a neighbour, which takes `a_b` for `a-b`."""
    return {
        name: _utf8(value)
        for name, value in headers.items()
        if name not in HOP_BY_HOP and not name.replace("_", "-").startswith(OURS)
    }


def _session(connector: aiohttp.BaseConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=READ_SECONDS),
        auto_decompress=False,
        trust_env=False,
    )


def _body(request: Request) -> bytes | IO[bytes] | None:
    """A large one as a file, which is written piece by piece so that others have their turn."""
    if request.file is not None and request.method not in READING:
        return request.file
    if not request.body or request.method in READING:
        return None if request.method in BODILESS else b""
    return request.body if len(request.body) < PIECE else io.BytesIO(request.body)


def _headers(method: str, said: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """All but those of the connection, and what moto would let every page of the web read. A HEAD's length is that of
    the body which is not there."""
    dropped = NOT_PASSED - {"content-length"} if method == "HEAD" else NOT_PASSED
    kept_headers: list[tuple[str, str]] = []
    for name, value in said:
        if name.lower() in ONCE:
            kept_headers = [one for one in kept_headers if one[0].lower() != name.lower()]
        if name.lower() not in dropped and not name.lower().startswith(CORS):
            kept_headers.append((name, value.encode("utf-8", "replace").decode()))
    return kept_headers


def _look_for_failure(asked: Asked, response: Response, request_id: str) -> None:
    """Log that moto failed. Raises Fault: 500, 501 for what it does not have, 400 for what it is too busy with."""
    no_path = _has_no_path(response)
    if response.status < 500 and not no_path:
        return
    said = unquote(next((value for name, value in response.headers if name.lower() == failing.HEADER), ""))
    failure = "there is no such path" if no_path else said
    what = f"{asked.service}:{asked.operation}" if asked.operation else asked.service
    if no_path or failure.startswith(failing.MISSING):
        text = f"moto, which answers {asked.service}, does not support {what}: {failure}"
        raise Fault("NotImplementedException", text, status=501)
    if failure.startswith(failing.BUSY):
        log.warning("request %s: %s kept moto busy for %d seconds and was broken off", request_id, what, SECONDS)
        text = (
            f"moto, which answers {asked.service}, was busy with this request for {SECONDS:.0f} seconds. It was broken"
        )
        raise Fault("LimitExceededException", f"{text} off.", status=400)
    if failure and asked.model is not None and asked.operation and asked.model.protocol != EC2:
        validate(asked.model, asked.operation, asked.params)  # what moto failed at is the caller's, and has a name
    body = response.body if isinstance(response.body, bytes) else b""
    log.error("request %s: moto failed on %s: %s", request_id, what, failure or f"{response.status} {body[:200]!r}")
    if failure:
        text = f"moto, which answers {asked.service}, failed on this request; Lambent's log has the reason under"
        raise Fault("InternalFailure", f"{text} {request_id}.", status=500)


def _has_no_path(response: Response) -> bool:
    """Whether the web framework beneath moto answered: no service of moto's has such a path."""
    body = response.body if isinstance(response.body, bytes) else b""
    return response.status == 404 and body.startswith(b"<!doctype html>") and b"<h1>Not Found</h1>" in body


def _utf8(value: str) -> str:
    """A header's bytes, which our listener reads as Latin-1, as the UTF-8 that aiohttp writes."""
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value
