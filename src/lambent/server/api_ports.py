"""What both generations of API Gateway ask: functions, servers on the web, user pools' keys, the endpoint, the logs."""

import errno
import functools
import os
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
from yarl import URL

from lambent.gateway import hosts, pages
from lambent.gateway.sites import API, Sites
from lambent.model.backend_tls import USUAL, BackendTls
from lambent.model.door import Call, Door
from lambent.model.invocation import Outcome
from lambent.model.metric import MeasureTogether
from lambent.model.names import FunctionRef, MalformedName, parse
from lambent.model.scope import Caller, Scope
from lambent.neighbour.neighbour import Neighbour
from lambent.neighbour.outbox import signed_as
from lambent.observe.logstore import LogStore
from lambent.outward import Reach
from lambent.server.base import Base, Doors, new_id
from lambent.server.integration_roles import IntegrationRoles
from lambent.services.apigateway.serving.ports import ResponseStream
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.invoking import called
from lambent.services.lambda_.lookup import routed
from lambent.store.resources import Resource
from lambent.wire.http import Request, Response
from lambent.wire.site import Serve

KEYS_SECONDS = 300.0
"""Real seconds for which a user pool's public keys are kept."""
MOST_BYTES = 10 << 20
"""Of an integration's answer (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html)."""
Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Called:
    """Functions, as the door calls them."""

    env: LambdaEnv
    roles: IntegrationRoles

    async def call(self, door: Door, call: Call) -> Outcome:
        if door.role:
            await self.roles.admit(door, call)
        return await called.call(self.env, door, call)

    async def admit(self, door: Door, call: Call) -> None:
        await self.roles.admit(door, call)

    def stream(self, door: Door, call: Call) -> ResponseStream:
        return called.stream(self.env, door, call)

    async def accept(self, door: Door, call: Call) -> None:
        await self.roles.admit(door, call)
        await called.accept(self.env, door, call)

    def timeout(self, door: Door, arn: str) -> float | None:
        try:
            said = parse(arn)
        except MalformedName:
            return None
        scope = Scope(said.account or door.account, said.region or door.region)
        record = routed(self.env, FunctionRef(scope, said.name, said.qualifier))
        return None if record is None else float(record.configuration["Timeout"])


OWN_HEADERS = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
"""What the library would say for itself: a client that takes no gzip is to be sent none."""


class Web:
    """Servers on the web that integrations ask, within the setting `reach`."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._session: aiohttp.ClientSession | None = None

    async def __call__(
        self, method: str, url: str, headers: Headers, body: bytes, seconds: float, tls: BackendTls = USUAL
    ) -> tuple[int, Headers, bytes]:
        """Raises OSError, TimeoutError."""
        session = self._session = self._session or self._open()
        timeout = aiohttp.ClientTimeout(total=seconds + 1)
        asked = session.request(
            method,
            URL(url, encoded=True),
            data=body or None,
            headers=headers,
            allow_redirects=False,
            timeout=timeout,
            skip_auto_headers=OWN_HEADERS,
            ssl=_context(tls),
        )
        try:
            async with asked as answer:
                return answer.status, list(answer.headers.items()), await _bounded(answer)
        except aiohttp.ClientConnectorError as error:
            raise error.os_error from error
        except (aiohttp.ClientError, ValueError) as error:
            raise OSError(str(error)) from error

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(socket_factory=self._reach.socket_for)
        return aiohttp.ClientSession(
            connector=connector, trust_env=False, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
        )

    async def close(self) -> None:
        """Close what is open."""
        if self._session is not None:
            await self._session.close()


@functools.lru_cache(maxsize=64)
def _context(tls: BackendTls) -> ssl.SSLContext:
    """Made once of each: a connection is kept for those that have the same one."""
    context = ssl.create_default_context()
    if not tls.verified:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if tls.certificate:
        with os.fdopen(os.memfd_create("client-certificate"), "wb") as file:  # the library reads files alone
            file.write(f"{tls.key}\n{tls.certificate}".encode())
            file.flush()
            context.load_cert_chain(f"/proc/self/fd/{file.fileno()}")
    return context


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    """The body. Raises OSError for more than API Gateway takes."""
    body = bytearray()
    async for part in answer.content.iter_any():
        body += part
        if len(body) > MOST_BYTES:
            answer.close()
            raise OSError(errno.EMSGSIZE, f"the answer has more than {MOST_BYTES} bytes")
    return bytes(body)


class PoolKeys:
    """The public keys of user pools, wherever Cognito is answered."""

    def __init__(self, neighbour: Neighbour) -> None:
        self._neighbour = neighbour
        self._kept: dict[tuple[Scope, str], tuple[float, Mapping[str, Any]]] = {}

    async def __call__(self, scope: Scope, pool: str) -> Mapping[str, Any]:
        """The JWKS of a pool, empty for one that is not there."""
        kept = self._kept.get((scope, pool))
        if kept is not None and time.monotonic() < kept[0]:
            return kept[1]
        headers = {"host": f"cognito-idp.{scope.region}.amazonaws.com"}
        headers["authorization"] = signed_as(scope, "cognito-idp")
        request = Request("GET", f"/{pool}/.well-known/jwks.json", "", headers)
        response = await self._neighbour.forward(request, Caller(scope, new_id()), "cognito-idp")
        keys = _json(response) if response.status == 200 else {}
        if keys:
            self._kept[scope, pool] = (time.monotonic() + KEYS_SECONDS, keys)
        return keys


def _json(response: Response) -> Mapping[str, Any]:
    try:
        found = orjson.loads(response.body if isinstance(response.body, bytes) else b"")
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _log(logs: LogStore, wall: Callable[[], float], scope: Scope, group: str, stream: str, message: str) -> None:
    logs.append(logs.stream(scope, group, stream), int(wall() * 1000), message)


@dataclass(frozen=True, slots=True)
class Outside:
    """All of it. `ask` sends a request to the services of the endpoint itself."""

    functions: Called
    roles: IntegrationRoles
    ask: Callable[[Request], Awaitable[Response]]
    fetch: Web
    keys: PoolKeys
    log: Callable[[Scope, str, str, str], None]
    measure: MeasureTogether


def open_outside(
    stack: AsyncExitStack,
    reach: Reach,
    base: Base,
    env: LambdaEnv,
    doors: Doors,
    roles: IntegrationRoles,
) -> Outside:
    """One connection pool and one memory of keys for all APIs."""
    web = Web(reach)
    stack.push_async_callback(web.close)
    log = functools.partial(_log, base.logs, base.clock.wall)
    ask = functools.partial(ask_services, doors)
    return Outside(Called(env, roles), roles, ask, web, PoolKeys(base.neighbour), log, base.measure_together)


async def ask_services(doors: Doors, request: Request) -> Response:
    """What a service answers. An integration's path may be its client's: no page of Lambent's is asked, and no site."""
    if pages.is_operators(request.path) or doors.gateway.sites.find(request) is not None:
        return Response(403, [("Content-Type", "application/json")], b'{"message":"Forbidden"}')
    return await doors.gateway(request)


def add_door(
    sites: Sites, serve: Serve, domain: Callable[[str], Resource | None], knows: Callable[[str], Resource | None]
) -> None:
    """Answer requests to APIs and to the domain names of the user's. `knows` finds an API by its id; under a
    domain name the id is that name."""

    def named(name: str) -> hosts.Site | None:
        return None if domain(name) is None else hosts.Site(API, name, "")

    def account(name: str) -> str | None:
        found = domain(name)
        return None if found is None else found.scope.account

    def is_there(site: hosts.Site) -> bool:
        found = knows(site.id)
        return found is not None and found.scope.region == site.region

    sites.add(API, serve)
    sites.add_names(named, account)
    sites.add_known(API, is_there)
