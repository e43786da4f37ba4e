"""The door of HTTP APIs: a request by host name or domain name, its answer.

The order is AWS's: stage, CORS, route, throttle, authorization, integration. WebSocket APIs have their own door.
"""

import base64
import functools
from typing import Any

import orjson

from lambent.http_events import common, http_context, http_cors
from lambent.http_events.http_api import HttpCall
from lambent.http_events.http_authorizers import Refused
from lambent.http_events.payload_v2 import Reply
from lambent.model.metric import Dimensions, dimensions_of
from lambent.services import door_logs
from lambent.services.apigatewayv2.serving import functions
from lambent.services.apigatewayv2.serving.authorizing import Authorizing
from lambent.services.apigatewayv2.serving.exchange import Exchange
from lambent.services.apigatewayv2.serving.integrating import integrate
from lambent.services.apigatewayv2.serving.ports import Ports
from lambent.services.apigatewayv2.serving.served import Apis, Served, Target
from lambent.services.apigatewayv2.serving.throttling import throttle
from lambent.services.door_metrics import Answered, tell
from lambent.wire.http import Response
from lambent.wire.site import SiteRequest

BODY_BYTES = 10 << 20
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""
HEAD_BYTES = 10_240
"""Of request line and header values (same place); which answer more gets is not documented: RFC 6585's, and RFC 9110's
where the line is too long by itself."""
JSON = ("content-type", "application/json")


class HttpDoor:
    """Answers for the HTTP APIs of all accounts and regions."""

    def __init__(self, ports: Ports, apis: Apis) -> None:
        self._ports = ports
        self._apis = apis
        self._authorizing = Authorizing(ports)

    async def serve(self, site: SiteRequest, target: Target | None) -> Response:
        """Answer a request; None for one that leads to no stage."""
        request_id = _request_id(self._ports.new_id())
        served = self._apis.served(target) if target is not None else None
        if target is None or served is None:
            return _response(_refused(Refused(404, "Not Found", "")), request_id)
        if site.length > BODY_BYTES:
            return _response(_refused(Refused(413, "Request Entity Too Large", "")), request_id)
        line = common.line_length(site)
        if line > HEAD_BYTES:
            return _response(_refused(Refused(414, "URI Too Long", "")), request_id)
        if common.header_bytes(site.headers) + line > HEAD_BYTES:
            return _response(_refused(Refused(431, "Request Header Fields Too Large", "")), request_id)
        exchange = Exchange(site, target, served, _call(self._ports, site, target, served, request_id))
        began = self._ports.clock.monotonic()
        reply = await self._answer(exchange)
        if exchange.stage.get("AccessLogSettings"):
            self._log(exchange, reply, int((self._ports.clock.monotonic() - began) * 1000))
        self._measure(exchange, Answered(reply.status, self._ports.clock.monotonic() - began, exchange.integrated))
        return _response(reply, request_id)

    def _measure(self, exchange: Exchange, answered: Answered) -> None:
        """By API and by its stage, and by route where the stage's settings ask for that."""
        route = exchange.call.route_key if exchange.route and _is_detailed(exchange) else ""
        sets = _sets(exchange.target.api.name, exchange.call.stage, route)
        tell(self._ports.measure, exchange.served.scope, sets, ("4xx", "5xx"), answered)

    async def _answer(self, exchange: Exchange) -> Reply:
        cors, call = exchange.served.api.get("CorsConfiguration"), exchange.call
        if cors and http_cors.is_preflight(call.method, call.named):
            return Reply(204, http_cors.preflight(cors, call.named))
        try:
            reply = await self._routed(exchange)
        except Refused as refused:
            exchange.error, exchange.refused = refused.why, refused.message
            reply = _refused(refused)
        if cors:
            told = http_cors.told_of(cors, call.named)
            return Reply(reply.status, http_cors.overridden(reply.headers, told), reply.body)
        return reply

    async def _routed(self, exchange: Exchange) -> Reply:
        """Raises Refused."""
        call = exchange.call
        found = exchange.served.routes.find(call.method, call.path)
        if found is None:
            raise Refused(404, "Not Found", "no route is for that")
        exchange.route, call.variables = found
        call.route_key = exchange.route["RouteKey"]
        throttle(self._ports, exchange.served, exchange.stage, call.route_key)
        await self._authorizing.check(exchange)
        integration = exchange.served.integration_of(exchange.route)
        if integration is None:
            raise Refused(500, "Internal Server Error", "the route has no target")
        began = self._ports.clock.monotonic()
        try:
            return await integrate(self._ports, exchange, integration)
        finally:
            exchange.integrated = self._ports.clock.monotonic() - began

    def _log(self, exchange: Exchange, reply: Reply, millis: int) -> None:
        """A line of the access log: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html"""
        settings = exchange.stage["AccessLogSettings"]
        known = http_context.context(exchange.call, _answered(exchange, reply, millis))
        line = http_context.line(str(settings.get("Format") or ""), known)
        stream = f"{exchange.served.api_id}/{exchange.call.stage}"
        door_logs.write(self._ports.log, exchange.served.scope, str(settings.get("DestinationArn") or ""), stream, line)


def _is_detailed(exchange: Exchange) -> bool:
    own = (exchange.stage.get("RouteSettings") or {}).get(exchange.call.route_key) or {}
    every = exchange.stage.get("DefaultRouteSettings") or {}
    return bool(own.get("DetailedMetricsEnabled", every.get("DetailedMetricsEnabled")))


def _answered(exchange: Exchange, reply: Reply, millis: int) -> dict[str, Any]:
    """What `$context` has of an answer: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html"""
    known = http_context.answered(reply, millis, exchange.refused, exchange.call)
    if exchange.integrated is None:
        return known | {"authorizer": {"error": exchange.error}} if exchange.error and exchange.route else known
    return known | door_logs.integrated(exchange.integrated, exchange.answered, exchange.invoked, exchange.error)


@functools.lru_cache(4_096)
def _sets(api: str, stage: str, route: str) -> tuple[Dimensions, ...]:
    """`route` is the key of one that is measured as well."""
    of_stage = {"ApiId": api, "Stage": stage}
    found = [{"ApiId": api}, of_stage]
    if route:
        method, _, path = route.rpartition(" ")
        found.append(of_stage | {"Method": method or "ANY", "Resource": path})
    return tuple(map(dimensions_of, found))


def _call(ports: Ports, site: SiteRequest, target: Target, served: Served, request_id: str) -> HttpCall:
    domain = site.host.rpartition(":")[0] or site.host
    if site.base:
        domain = f"{site.id}.execute-api.{served.scope.region}.amazonaws.com"
    return HttpCall(
        site.method,
        target.path,
        site.query,
        site.headers,
        site.body,
        domain,
        site.host,
        site.scheme,
        site.peer,
        request_id,
        site.named.get("x-amzn-trace-id") or functions.trace_root(site.request_id),
        served.scope.account,
        served.api_id,
        target.stage.name,
        ports.clock.wall(),
        mapping=target.mapping,
        stage_variables=target.stage.document.get("StageVariables") or {},
        named=site.named,
    )


def _request_id(uuid: str) -> str:
    """An id as API Gateway makes them: `JKJaXmPLvHcESHA=`."""
    return base64.urlsafe_b64encode(bytes.fromhex(uuid.replace("-", ""))[:11]).decode()


def _refused(refused: Refused) -> Reply:
    return Reply(refused.status, [JSON, *refused.headers], orjson.dumps({"message": refused.message}))


def _response(reply: Reply, request_id: str) -> Response:
    return Response(reply.status, [*reply.headers, ("apigw-requestid", request_id)], reply.body)
