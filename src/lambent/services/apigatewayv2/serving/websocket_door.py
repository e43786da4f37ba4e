"""The door of WebSocket APIs: clients connect, their messages are routed, and `@connections` reaches them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-overview.html. The order at
$connect is AWS's: throttle, authorization, integration, then the connection stands.
"""

import asyncio
import base64
import functools
import logging
from typing import Any

import orjson

from lambent.http_events import websocket
from lambent.http_events.http_authorizers import Refused
from lambent.http_events.websocket import CONNECT, DEFAULT, DISCONNECT, Connected, Happening
from lambent.services.apigatewayv2.serving import websocket_routes, websocket_telling
from lambent.services.apigatewayv2.serving.connections import Connection, Connections, Gone
from lambent.services.apigatewayv2.serving.management import Management
from lambent.services.apigatewayv2.serving.ports import Ports
from lambent.services.apigatewayv2.serving.served import Apis, Served, Target
from lambent.services.apigatewayv2.serving.throttling import throttle
from lambent.services.apigatewayv2.serving.turns import INTERNAL, Turn
from lambent.services.apigatewayv2.serving.websocket_admitting import admit
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
        if not websocket.is_key(site.named["sec-websocket-key"]):
            return _refused(400, "Bad Request")
        return await self._connect(site, target, served)

    async def _connect(self, site: SiteRequest, target: Target, served: Served) -> Response:
        known = self._known(site, target, served)
        turn = self._turn(served, target, known, self._happening(CONNECT))
        try:
            answer = await self._run_turn(
                turn, websocket.connect_event(known, turn.happening, site.headers, site.query), site
            )
        except Refused as refused:
            log.info("a client of %s is refused: %s", served.api_id, refused.why)
            return _refused(refused.status, refused.message, refused.headers)
        except NotRun as error:
            log.warning("$connect of %s failed: %s", served.api_id, error)
            body = websocket.failure(INTERNAL, known, turn.happening.request_id).encode()
            return Response(502, [JSON], body)
        if not 200 <= answer.status < 300:
            return Response(answer.status, [JSON], (answer.body or "").encode())
        accept = websocket.accept_key(site.named["sec-websocket-key"])
        headers = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept)]
        if protocol := answer.headers.get("sec-websocket-protocol"):
            headers.append(("Sec-WebSocket-Protocol", protocol))
        return Response(101, headers, takeover=lambda stream: self._run(stream, target, served, known))

    def _turn(self, served: Served, target: Target, known: Connected, happening: Happening) -> Turn:
        turn = Turn(served, target.stage.document, known, happening, served.by_key.get(happening.route_key))
        websocket_telling.begin(turn)
        return turn

    async def _run_turn(self, turn: Turn, event: dict[str, Any], site: SiteRequest | None = None) -> Answer:
        """What the turn's route says; `site` is how a client asks that connects. Raises Refused, NotRun."""
        try:
            if turn.happening.route_key != DISCONNECT:
                throttle(self._ports, turn.served, turn.stage, turn.happening.route_key)
            answer = await self._answer(turn, event, site)
            turn.status = answer.status
            return answer
        except Refused as refused:
            turn.end(refused.status, refused.message, refused.why or refused.message)
            raise
        except NotRun as error:
            turn.failed = True
            turn.end(502 if site is not None else 500, INTERNAL, str(error))
            raise
        finally:
            websocket_telling.end(self._ports, turn)

    async def _answer(self, turn: Turn, event: dict[str, Any], site: SiteRequest | None) -> Answer:
        route = turn.route
        if route is None and site is not None:
            return FINE
        if route is None:
            raise Refused(403, "Forbidden", "no route is for that")
        if site is not None:
            await authorize(self._ports, site, turn, route, event)
        await admit(self._ports, turn, route, event)
        event["requestContext"] = websocket.context(turn.known, turn.happening)
        return await websocket_routes.run(self._ports, turn, route, event)

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
        sent = functools.partial(websocket_telling.sent, self._ports, served.scope)
        connection = Connection(served.scope, known, stream, self._ports.clock, sent)
        self.connections.add(connection)
        room = asyncio.Semaphore(AT_ONCE)

        async def on_message(_: Connection, said: str) -> None:
            await room.acquire()
            self._ports.spawn(self._message(connection, target, said, room))

        try:
            await connection.run(on_message)
        finally:
            self.connections.drop(connection)
            self._ports.spawn(self._disconnected(connection, target))

    async def _message(self, connection: Connection, target: Target, said: str, room: asyncio.Semaphore) -> None:
        """One message, through its route; never raises."""
        try:
            answer = await self._routed(connection, target, said)
            if answer is not None and connection.open:
                await connection.send(answer)
        except Gone:
            pass
        except Exception:
            log.exception("a message to %s failed", connection.known.api_id)
        finally:
            room.release()

    async def _routed(self, connection: Connection, target: Target, text: str) -> str | None:
        """What the client is sent."""
        known, target = connection.known, self._apis.fresh(target) or target
        served = self._apis.served(target)
        if served is None:
            return websocket.failure("Forbidden", known, _short_id(self._ports.new_id()))
        key = self._key_of(served, text)
        if key is None or key not in served.by_key:
            key = DEFAULT
        happening = self._happening(key, body=text, message_id=_short_id(self._ports.new_id()))
        turn = self._turn(served, target, known, happening)
        try:
            answer = await self._run_turn(turn, websocket.message_event(known, happening))
        except (Refused, NotRun) as error:
            log.info("%s of %s failed: %s", happening.route_key, served.api_id, turn.why or error)
            return websocket.failure(turn.message, known, happening.request_id)
        return answer.body if turn.route is not None and websocket.is_two_way(turn.route) else None

    @staticmethod
    def _key_of(served: Served, text: str) -> str | None:
        key = websocket.route_key_of(served.api["RouteSelectionExpression"], text)
        return None if key in (CONNECT, DISCONNECT) else key

    async def _disconnected(self, connection: Connection, target: Target) -> None:
        """The route of connections that are over; nobody hears of its answer."""
        target = self._apis.fresh(target) or target
        served = self._apis.served(target)
        if served is None or DISCONNECT not in served.by_key:
            return
        happening = self._happening(DISCONNECT, code=connection.code, reason=connection.reason)
        turn = self._turn(served, target, connection.known, happening)
        try:
            await self._run_turn(turn, websocket.disconnect_event(connection.known, happening))
        except (Refused, NotRun) as error:
            log.warning("$disconnect of %s failed: %s", served.api_id, turn.why or error)
        except Exception:
            log.exception("$disconnect of %s failed", served.api_id)


def _short_id(uuid: str) -> str:
    """An id as API Gateway makes them: `L0SM9cOFvHcCIhw=`."""
    return base64.urlsafe_b64encode(bytes.fromhex(uuid.replace("-", ""))[-11:]).decode()


def _refused(status: int, message: str, headers: list[tuple[str, str]] | None = None) -> Response:
    return Response(status, [JSON, *(headers or [])], orjson.dumps({"message": message}))
