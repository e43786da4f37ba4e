"""A stage's cache: what an integration has answered is answered again until its time is over.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html: a stage's setting for all methods
is about GET alone; the key is made of the integration's cacheKeyParameters and nothing else; answers above 1,048,576
bytes are not kept. Who sends `Cache-Control: max-age=0` has the answer made anew, if they may.
Of statuses it says nothing; AWS keeps what an integration answers with any of them, a 429 for one, as users report:
https://exchangetuts.com/prevent-caching-of-non-200-responses-in-aws-api-gateway-1640428563668979. What the API answers
by itself is not the integration's. Not documented, and chosen here: a new deployment empties nothing.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from lambent.http_events import rest_context
from lambent.http_events.rest_errors import Refusal
from lambent.http_events.rest_proxy import Reply
from lambent.services.apigateway.serving.exchange import Exchange
from lambent.services.apigateway.serving.ports import Ports

ACTION = "execute-api:InvalidateCache"
REPLY_BYTES = 1_048_576
TTL_SECONDS = 300.0
IGNORED = ("Warning", "199 Cache-control headers were ignored because the caller was unauthorized.")
Document = Mapping[str, Any]


async def cached(ports: Ports, exchange: Exchange, integrate: Callable[[Ports, Exchange], Awaitable[Reply]]) -> Reply:
    """The answer, kept or new. Raises Refusal."""
    settings = _settings(exchange)
    if settings is None:
        return await integrate(ports, exchange)
    owner, key, now = owner_of(exchange), _key(exchange), ports.clock.monotonic()
    refused = _asks_anew(exchange) and not await _may(ports, exchange, settings)
    if refused and settings.get("unauthorizedCacheControlHeaderStrategy") == "FAIL_WITH_403":
        raise Refusal("DEFAULT_4XX", why=f"the caller may not {ACTION}")
    found: Reply | None = None
    if refused or not _asks_anew(exchange):
        found = ports.responses.get(owner, key, now)
    reply = found if found is not None else await _new(ports, exchange, integrate, float(_ttl(settings)))
    warned = refused and settings.get("unauthorizedCacheControlHeaderStrategy") != "SUCCEED_WITHOUT_RESPONSE_HEADER"
    return replace(reply, headers=[*reply.headers, IGNORED]) if warned else reply


def owner_of(exchange: Exchange) -> tuple[object, ...]:
    """Whose cache it is: the stage's, or its canary's unless that is to use the stage's."""
    request, canary = exchange.request, exchange.known.get("isCanaryRequest")
    own = bool(canary) and not (exchange.stage.get("canarySettings") or {}).get("useStageCache")
    return (exchange.scope, request.api_id, request.stage, own)


async def _new(
    ports: Ports, exchange: Exchange, integrate: Callable[[Ports, Exchange], Awaitable[Reply]], ttl: float
) -> Reply:
    reply = await integrate(ports, exchange)
    if reply.parts is None and len(reply.body) <= REPLY_BYTES:
        size = len(reply.body) + sum(len(name) + len(value) for name, value in reply.headers)
        ports.responses.put(owner_of(exchange), _key(exchange), reply, size, ports.clock.monotonic(), ttl)
    return reply


def _settings(exchange: Exchange) -> Document | None:
    """The method's, None where nothing is cached."""
    if not exchange.stage.get("cacheClusterEnabled") or exchange.site is None:
        return None
    settings, request = exchange.stage.get("methodSettings") or {}, exchange.request
    own = settings.get(f"{request.resource_path.lstrip('/')}/{exchange.method['httpMethod']}")
    found = own if own is not None else (settings.get("*/*") if request.method == "GET" else None)
    return found if found and found.get("cachingEnabled") and _ttl(found) > 0 else None


def _ttl(settings: Document) -> float:
    said = settings.get("cacheTtlInSeconds")
    return TTL_SECONDS if said is None else float(said)


def _key(exchange: Exchange) -> tuple[object, ...]:
    integration, request = exchange.integration, exchange.request
    names = sorted(integration.get("cacheKeyParameters") or ())
    sources = integration.get("requestParameters") or {}
    values = (rest_context.parameter(request, exchange.known, str(sources.get(name, name))) for name in names)
    return (integration.get("cacheNamespace") or request.resource_id, request.method, *zip(names, values, strict=True))


def _asks_anew(exchange: Exchange) -> bool:
    said = exchange.request.header("cache-control") or ""
    return "max-age=0" in [part.strip().lower() for part in said.split(",")]


async def _may(ports: Ports, exchange: Exchange, settings: Document) -> bool:
    """Whether the caller may have an answer made anew."""
    if not settings.get("requireAuthorizationForCacheControl", True):
        return True
    if exchange.request.identity.get("accountId") != exchange.scope.account:
        return False
    role = exchange.signer.role if exchange.signer is not None else ""
    return not role or await ports.role_may(role, ACTION, exchange.method_arn, exchange.scope)
