"""The door of WebSocket APIs: clients connect, their messages are routed, and `@connections` reaches them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-overview.html. The order at
$connect is AWS's: throttle, authorization, integration, then the connection stands.
"""

import asyncio
import base64
import logging
from typing import Any

import orjson

from lambent.http_events import websocket
from lambent.http_events.http_authorizers import Refused
from lambent.http_events.websocket import CONNECT, DEFAULT, DISCONNECT, Connected, Happening
from lambent.services.apigatewayv2.serving import websocket_routes
from lambent.services.apigatewayv2.serving.connections import Connection, Connections, Gone
from lambent.services.apigatewayv2.serving.management import Management
from lambent.services.apigatewayv2.serving.ports import Ports
from lambent.services.apigatewayv2.serving.served import Apis, Served, Target
from lambent.services.apigatewayv2.serving.throttling import throttle
from lambent.services.apigatewayv2.serving.websocket_authorizing import authorize
from lambent.services.apigatewayv2.serving.websocket_routes import FINE, Answer, NotRun
from lambent.wire.http import Response, Stream
from lambent.wire.site import SiteRequest

log = logging.getLogger(__name__)
JSON = ("content-type", "application/json")
AT_ONCE = 32
"""Messages of one connection that are under way; more are read when one of these is done."""


class WebSocketDoor:
    """Answers for the WebSocket APIs of all accounts and regions."""

    def __init__(self, ports: Ports, apis: Apis) -> None:
        self._ports = ports
        self._apis = apis
        self.connections = Connections()
        self._management = Management(ports, self.connections)

    async def serve(self, site: SiteRequest, target: Target | None) -> Response:
        """Connect a client, or answer the management API."""
        served = self._apis.served(target) if target is not None else None
        if target is None or served is None:
            return _refused(403, "Forbidden")
        if target.path.startswith("/@connections/"):
            return await self._management.serve(site, target)
        if not site.upgrade or site.method != "GET" or not site.named.get("sec-websocket-key"):
            return _refused(426, "Upgrade Required", [("Upgrade", "websocket")])
        if site.named.get("sec-websocket-version") != "13":
            return _refused(426, "Upgrade Required", [("Sec-WebSocket-Version", "13")])
        return await self._connect(site, target, served)

    async def _connect(self, site: SiteRequest, target: Target, served: Served) -> Response:
        known = self._known(site, target, served)
        happening = self._happening(CONNECT)
        try:
            throttle(self._ports, served, target.stage.document, CONNECT)
            answer = await self._asked(site, served, known, happening)
        except Refused as refused:
            log.info("a client of %s is refused: %s", served.api_id, refused.why)
            return _refused(refused.status, refused.message, refused.headers)
        except NotRun as error:
            log.warning("$connect of %s failed: %s", served.api_id, error)
            body = websocket.failure("Internal server error", known, happening.request_id).encode()
            return Response(502, [JSON], body)
        if not 200 <= answer.status < 300:
            return Response(answer.status, [JSON], (answer.body or "").encode())
        accept = websocket.accept_key(site.named["sec-websocket-key"])
        headers = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept)]
        if protocol := answer.headers.get("sec-websocket-protocol"):
            headers.append(("Sec-WebSocket-Protocol", protocol))
        return Response(101, headers, takeover=lambda stream: self._run(stream, target, served, known))

    async def _asked(self, site: SiteRequest, served: Served, known: Connected, happening: Happening) -> Answer:
        """What the route of clients that connect says. Raises Refused, NotRun."""
        route = served.by_key.get(CONNECT)
        if route is None:
            return FINE
        event = websocket.connect_event(known, happening, site.headers, site.query)
        await authorize(self._ports, site, served, route, known, event)
        event["requestContext"] = websocket.context(known, happening)
        return await websocket_routes.run(self._ports, served, route, known, happening, event)

    def _known(self, site: SiteRequest, target: Target, served: Served) -> Connected:
        domain = site.host.rpartition(":")[0] or site.host
        if site.base:
            domain = f"{served.api_id}.execute-api.{served.scope.region}.amazonaws.com"
        return Connected(
            _short_id(self._ports.new_id()),
            served.api_id,
            target.stage.name,
            domain,
            site.peer,
            site.named.get("user-agent", ""),
            self._ports.clock.wall(),
            target.stage.document.get("StageVariables") or {},
        )

    def _happening(self, route_key: str, **more: Any) -> Happening:
        return Happening(route_key, _short_id(self._ports.new_id()), self._ports.clock.wall(), **more)

    # --- a connection

    async def _run(self, stream: Stream, target: Target, served: Served, known: Connected) -> None:
        connection = Connection(served.scope, known, stream, self._ports.clock)
        self.connections.add(connection)
        room = asyncio.Semaphore(AT_ONCE)

        async def on_message(_: Connection, said: str | bytes) -> None:
            await room.acquire()
            self._ports.spawn(self._message(connection, target, said, room))

        try:
            await connection.run(on_message)
        finally:
            self.connections.drop(connection)
            self._ports.spawn(self._disconnected(connection, target))

    async def _message(
        self, connection: Connection, target: Target, said: str | bytes, room: asyncio.Semaphore
    ) -> None:
        """One message, through its route; never raises."""
        try:
            text = said if isinstance(said, str) else base64.b64encode(said).decode()
            answer = await self._routed(connection, target, text, isinstance(said, bytes))
            if answer is not None and connection.open:
                await connection.send(answer)
        except Gone:
            pass
        except Exception:
            log.exception("a message to %s failed", connection.known.api_id)
        finally:
            room.release()

    async def _routed(self, connection: Connection, target: Target, text: str, encoded: bool) -> str | None:
        """What the client is sent."""
        known, target = connection.known, self._apis.fresh(target) or target
        served = self._now(target)
        key = None if encoded or served is None else self._key_of(served, text)
        route = served.by_key.get(key) if served is not None and key is not None else None
        route = route or (served.by_key.get(DEFAULT) if served is not None else None)
        identifier = _short_id(self._ports.new_id())
        happening = self._happening(
            route["RouteKey"] if route is not None else DEFAULT, body=text, encoded=encoded, message_id=identifier
        )
        if served is None or route is None:
            return websocket.failure("Forbidden", known, happening.request_id)
        try:
            throttle(self._ports, served, target.stage.document, happening.route_key)
            event = websocket.message_event(known, happening)
            answer = await websocket_routes.run(self._ports, served, route, known, happening, event)
        except Refused as refused:
            return websocket.failure(refused.message, known, happening.request_id)
        except NotRun as error:
            log.warning("%s of %s failed: %s", happening.route_key, served.api_id, error)
            return websocket.failure("Internal server error", known, happening.request_id)
        return answer.body if websocket.is_two_way(route) else None

    @staticmethod
    def _key_of(served: Served, text: str) -> str | None:
        key = websocket.route_key_of(served.api["RouteSelectionExpression"], text)
        return None if key in (CONNECT, DISCONNECT) else key

    async def _disconnected(self, connection: Connection, target: Target) -> None:
        """The route of connections that are over; nobody hears of its answer."""
        served = self._now(target)
        route = served.by_key.get(DISCONNECT) if served is not None else None
        if served is None or route is None:
            return
        happening = self._happening(DISCONNECT, code=connection.code, reason=connection.reason)
        event = websocket.disconnect_event(connection.known, happening)
        try:
            await websocket_routes.run(self._ports, served, route, connection.known, happening, event)
        except NotRun as error:
            log.warning("$disconnect of %s failed: %s", served.api_id, error)
        except Exception:
            log.exception("$disconnect of %s failed", served.api_id)

    def _now(self, target: Target) -> Served | None:
        """What the stage serves by now: it may have been deployed anew since the client connected."""
        fresh = self._apis.fresh(target)
        return self._apis.served(fresh) if fresh is not None else None


def _short_id(uuid: str) -> str:
    """An id as API Gateway makes them: `L0SM9cOFvHcCIhw=`."""
    return base64.urlsafe_b64encode(bytes.fromhex(uuid.replace("-", ""))[-11:]).decode()


def _refused(status: int, message: str, headers: list[tuple[str, str]] | None = None) -> Response:
    return Response(status, [JSON, *(headers or [])], orjson.dumps({"message": message}))
