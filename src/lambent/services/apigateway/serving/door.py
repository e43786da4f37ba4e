"""The door of REST APIs: a request by host name or domain name, its answer.

The order of checks is AWS's: route, authorization and resource policy, API key, throttles, validation, integration.
"""

import asyncio
import functools
import gzip
import re
from collections.abc import Callable, Mapping
from typing import Any

from lambent.http_events import common, rest_context, rest_errors, rest_validation
from lambent.http_events.rest_errors import Refusal
from lambent.http_events.rest_proxy import Reply, is_binary
from lambent.http_events.rest_request import RestRequest
from lambent.http_events.rest_routes import method_of
from lambent.model.metric import Dimensions, dimensions_of
from lambent.services.apigateway.serving import access_log, advice, execution_log, recording
from lambent.services.apigateway.serving.authorizing import authorize
from lambent.services.apigateway.serving.caching import cached
from lambent.services.apigateway.serving.deployed import Apis, Deployed, Target
from lambent.services.apigateway.serving.exchange import Exchange
from lambent.services.apigateway.serving.integrating import integrate
from lambent.services.apigateway.serving.metering import meter, settings_of
from lambent.services.apigateway.serving.ports import Ports
from lambent.services.door_metrics import Answered, tell
from lambent.wire.http import Response
from lambent.wire.site import SiteRequest

Document = Mapping[str, Any]
BODY_BYTES = 10 << 20
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"""
HEADER_BYTES = 10_240
"""Of all header values together (same place); which answer more of them get is not documented: RFC 6585's."""
URL_LENGTH, EDGE_URL_LENGTH = 10_240, 8_192
"""Characters of a URL (same place); which answer a longer one gets is not documented: RFC 9110's."""
_FORBIDDEN = b'{"message":"Forbidden"}'
ERRORS = ("4XXError", "5XXError")
"""How the metrics of REST APIs name them."""
_CONFIGURATION = "Execution failed due to configuration error"
FAILURES = {
    "API_CONFIGURATION_ERROR": _CONFIGURATION,
    "DEFAULT_5XX": _CONFIGURATION,
    "INTEGRATION_TIMEOUT": "Execution failed due to a timeout error",
}
"""How logs of executions begin to say it."""
_NAME = re.compile(r"[a-z0-9.-]+")


class RestDoor:
    """Answers for the REST APIs of all accounts and regions."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self.apis = Apis(ports.resources, functools.partial(advice.tell, ports))

    async def serve(self, site: SiteRequest) -> Response | None:
        """None for an id that is none of a REST API."""
        if "." in site.id:
            domain = self.apis.domain(site.id)
            if domain is None:
                return None
            target = self.apis.by_domain(domain, site.path)
        else:
            api = self.apis.knows(site.id)
            if api is None or site.region not in ("", api.scope.region):
                return None
            target = self.apis.by_stage(api, site.path)
        return await self._at(site, target)

    async def _at(self, site: SiteRequest, target: Target | None) -> Response:
        deployed = None
        if target is not None:
            deployment, canary = self._deployment(target.stage.document)
            deployed = self.apis.deployed(target, deployment)
        if target is None or deployed is None or _is_closed(deployed, target):
            return Response(403, _common(site.request_id, "ForbiddenException"), _FORBIDDEN)
        oversized = _oversized(site, deployed.api)
        if oversized is not None:
            return oversized
        exchange = self._exchange(site, target, deployed, canary)
        recording.begin(self._ports, exchange)
        began = self._ports.clock.wall()
        try:
            reply = await self._answer(exchange)
        except Refusal as refusal:
            exchange.broken = refusal.why
            reply = refused(exchange, refusal)
        if exchange.logged:
            execution_log.end(self._ports, exchange, reply)
        seconds = self._ports.clock.wall() - began
        recording.end(self._ports, exchange, reply, began + seconds)
        access_log.write(self._ports, exchange, reply, round(seconds * 1000))
        self._measure(exchange, Answered(reply.status, seconds, exchange.integrated))
        return _response(exchange, reply)

    def _measure(self, exchange: Exchange, answered: Answered) -> None:
        """By API and stage, and by method where its settings ask for that."""
        request = exchange.request
        named = request.resource_path and any(one.get("metricsEnabled") for _, one in settings_of(exchange))
        method = (request.method, request.resource_path) if named else None
        sets = _sets(str(exchange.deployed.api["name"]), request.stage, method)
        tell(self._ports.measure, exchange.scope, sets, ERRORS, answered)

    def _deployment(self, stage: Document) -> tuple[str, Document | None]:
        """The deployment for this request, and the canary's settings if it is the canary's."""
        canary = stage.get("canarySettings")
        if canary and self._ports.chance() * 100 < canary.get("percentTraffic", 0):
            return canary["deploymentId"], canary
        return stage["deploymentId"], None

    def _exchange(self, site: SiteRequest, target: Target, deployed: Deployed, canary: Document | None) -> Exchange:
        scope, stage = target.api.scope, target.stage.document
        variables = dict(stage.get("variables") or {}) | dict((canary or {}).get("stageVariableOverrides") or {})
        request = RestRequest(
            method=site.method,
            path=target.path,
            query=site.query,
            headers=site.headers,
            body=site.body,
            host=site.host,
            peer=site.peer,
            request_id=site.request_id,
            extended_id=extended_id(site.request_id),
            account=scope.account,
            region=scope.region,
            api_id=target.api.name,
            stage=target.stage.name,
            domain=_domain(site, target),
            prefix=target.prefix,
            custom=target.custom,
            now=self._ports.clock.wall(),
            scheme=site.scheme,
            deployment_id=deployed.id,
            stage_variables=variables,
            trace_id=site.named.get("x-amzn-trace-id") or trace_id(site.request_id),
        )
        return Exchange(request, deployed, stage, {}, site, {"isCanaryRequest": canary is not None})

    async def _answer(self, exchange: Exchange) -> Reply:
        """Raises Refusal."""
        route(exchange)
        execution_log.begin(exchange)
        await authorize(self._ports, exchange)
        await meter(self._ports, exchange)
        if exchange.logged:
            execution_log.admitted(exchange)
        site = exchange.site
        if site is not None and site.length > BODY_BYTES:
            raise Refusal("REQUEST_TOO_LARGE")
        await validate(exchange)
        exchange.integrating = self._ports.clock.wall()
        try:
            return await cached(self._ports, exchange, integrate)
        finally:
            exchange.integrated = self._ports.clock.wall() - exchange.integrating


@functools.lru_cache(4_096)
def _sets(api: str, stage: str, method: tuple[str, str] | None) -> tuple[Dimensions, ...]:
    """`method` is an HTTP method and a resource's path, where they are measured as well."""
    of_stage = {"ApiName": api, "Stage": stage}
    found = [{"ApiName": api}, of_stage]
    if method is not None:
        found.append(of_stage | {"Method": method[0], "Resource": method[1]})
    return tuple(map(dimensions_of, found))


def _oversized(site: SiteRequest, api: Document) -> Response | None:
    """The answer to a URL that is too long, or to headers that are too large; None to others."""
    edge = "EDGE" in ((api.get("endpointConfiguration") or {}).get("types") or ())
    if common.url_length(site) > (EDGE_URL_LENGTH if edge else URL_LENGTH):
        return Response(414, _common(site.request_id, "RequestUriTooLong"), b'{"message":"URI Too Long"}')
    if common.header_bytes(site.headers) > HEADER_BYTES:
        text = b'{"message":"Request Header Fields Too Large"}'
        return Response(431, _common(site.request_id, "RequestHeaderFieldsTooLarge"), text)
    return None


def route(exchange: Exchange) -> None:
    """Find the resource and method. Raises Refusal."""
    request, deployed = exchange.request, exchange.deployed
    found = deployed.routes.find(request.path, request.method)
    if found is None:
        raise Refusal("MISSING_AUTHENTICATION_TOKEN")
    place(exchange, found.resource, request.method)
    request.sent_variables = found.variables


def place(exchange: Exchange, resource: Document, method: str) -> None:
    """The request is for this resource and method."""
    request = exchange.request
    exchange.method = method_of(resource, method) or {}
    request.resource_id, request.resource_path = resource["id"], resource["path"]
    request.operation = exchange.method.get("operationName")
    request.binary = is_binary(exchange.deployed.binary_types, request.header("content-type"))


async def validate(exchange: Exchange) -> None:
    """What the method's validator asks for; nobody else waits for what takes a while. Raises Refusal."""
    validator = exchange.deployed.validators.get(str(exchange.method.get("requestValidatorId")))
    if validator is None:
        return
    check = functools.partial(
        rest_validation.validate, exchange.request, exchange.method, validator, exchange.deployed.models
    )
    try:
        check()
    except rest_validation.TakesLong:
        await _validate_long(check)


async def _validate_long(check: Callable[..., None]) -> None:
    try:
        await asyncio.to_thread(check, steps=rest_validation.STEPS)
    except rest_validation.TakesLong:
        raise Refusal("API_CONFIGURATION_ERROR", why="the model makes too much of the body") from None


def refused(exchange: Exchange, refusal: Refusal) -> Reply:
    """The gateway response."""
    exchange.known["error"] = refusal.context
    exchange.say(f"{FAILURES.get(refusal.kind, 'Execution failed')}: {refusal.why or refusal.text}")

    def look(name: str) -> str | None:
        return rest_context.parameter(exchange.request, exchange.known, name)

    return rest_errors.answer(refusal, exchange.deployed.responses, look, exchange.request.header("accept"))


def extended_id(request_id: str) -> str:
    """The id of `x-amz-apigw-id`: as many characters as AWS's, made of the request's."""
    digits = request_id.replace("-", "")
    return f"{digits[:15]}="


def trace_id(request_id: str) -> str:
    """The root of a trace that begins here."""
    digits = request_id.replace("-", "")
    return f"Root=1-{digits[:8]}-{digits[8:32]}"


def _is_closed(deployed: Deployed, target: Target) -> bool:
    return bool(deployed.api.get("disableExecuteApiEndpoint")) and not target.custom


def _domain(site: SiteRequest, target: Target) -> str:
    """The name of the API's host, without a port."""
    name = site.host.partition(":")[0].lower()
    if target.custom or name.startswith(f"{target.api.name}."):
        return name
    return f"{target.api.name}.execute-api.{target.api.scope.region}.amazonaws.com"


def _common(request_id: str, error: str = "") -> list[tuple[str, str]]:
    headers = [("x-amzn-RequestId", request_id), ("x-amz-apigw-id", extended_id(request_id))]
    if error:
        headers += [("x-amzn-ErrorType", error), ("Content-Type", "application/json")]
    return headers


def _response(exchange: Exchange, reply: Reply) -> Response:
    """The answer on the wire; compressed when the API asks for it and the client takes it."""
    request = exchange.request
    headers, body = [*_common(request.request_id), *reply.headers], reply.body
    if reply.parts is not None:
        return Response(reply.status, headers, reply.parts)
    least = exchange.deployed.api.get("minimumCompressionSize")
    accepted = (request.header("accept-encoding") or "").lower()
    encoded = any(name.lower() == "content-encoding" for name, _ in headers)
    if least is not None and body and len(body) >= least and "gzip" in accepted and not encoded:
        headers.append(("Content-Encoding", "gzip"))
        body = gzip.compress(body, 6)
    return Response(reply.status, headers, body)
