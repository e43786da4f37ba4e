"""API keys, usage plans and throttles.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html and
.../api-gateway-request-throttling.html: the plan's limits for the method, then for the stage, then the stage's own for
the method, then for all methods, then the account's.
"""

from collections.abc import Mapping
from typing import Any

from lambent.http_events.rest_errors import Refusal
from lambent.services import usage_plans
from lambent.services.apigateway.serving.exchange import Exchange
from lambent.services.apigateway.serving.ports import Ports
from lambent.services.usage_plans import NotAllowed, Place

Document = Mapping[str, Any]
ACCOUNT_RATE, ACCOUNT_BURST = 10_000.0, 5_000


async def meter(ports: Ports, exchange: Exchange) -> None:
    """Raises Refusal: 403 for a key that is missing or no good, 429 beyond what a plan or stage allows."""
    if exchange.method.get("apiKeyRequired"):
        await _by_key(ports, exchange)
    _throttle(ports, exchange)


def _throttle(ports: Ports, exchange: Exchange) -> None:
    request = exchange.request
    for key, setting in settings_of(exchange):
        rate, burst = setting.get("throttlingRateLimit"), setting.get("throttlingBurstLimit")
        if rate is not None and burst is not None and rate >= 0 and burst >= 0:
            _take(ports, (exchange.scope, request.api_id, request.stage, key), float(rate), int(burst))
            break
    _take(ports, exchange.scope, ACCOUNT_RATE, ACCOUNT_BURST)


def settings_of(exchange: Exchange) -> list[tuple[str, Document]]:
    """The stage's settings for the method and then those for all, as far as there are such."""
    settings = exchange.stage.get("methodSettings") or {}
    own = f"{exchange.request.resource_path.lstrip('/')}/{exchange.method.get('httpMethod')}"
    return [(key, settings[key]) for key in (own, "*/*") if settings.get(key) is not None]


def _take(ports: Ports, key: object, rate: float, burst: int) -> None:
    if not ports.buckets.take(key, rate, burst, ports.clock.monotonic()):
        raise Refusal("THROTTLED")


async def _by_key(ports: Ports, exchange: Exchange) -> None:
    """The key's plan for this stage counts the request."""
    request = exchange.request
    source = exchange.deployed.api.get("apiKeySource", "HEADER")
    value = exchange.usage_key if source == "AUTHORIZER" else request.header("x-api-key")
    method = f"{request.resource_path}/{exchange.method['httpMethod']}"
    try:
        key = await usage_plans.take(ports, Place(exchange.scope, request.api_id, request.stage, method), value)
    except NotAllowed as why:
        kind = str(why)
        text = "API Key is missing, not enabled, or in no usage plan of the stage" if kind == "INVALID_API_KEY" else ""
        raise Refusal(kind, why=text) from why
    request.identity |= {"apiKey": key.document["value"], "apiKeyId": key.name}
