"""API keys, usage plans and throttles.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html and
.../api-gateway-request-throttling.html: the plan's limits for the method, then for the stage, then the stage's own for
the method, then for all methods, then the account's.
"""

from collections.abc import Mapping
from typing import Any

from lambent.engine.throttle import period_start
from lambent.http_events.rest_errors import Refusal
from lambent.services.apigateway.kinds import API_KEY, USAGE_PLAN, USAGE_PLAN_KEY
from lambent.services.apigateway.quotas import USED, used_since
from lambent.services.apigateway.serving.exchange import Exchange
from lambent.services.apigateway.serving.ports import Ports
from lambent.store.resources import Resource

Document = Mapping[str, Any]
ACCOUNT_RATE, ACCOUNT_BURST = 10_000.0, 5_000
DAYS_KEPT = 90


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
    source = exchange.deployed.api.get("apiKeySource", "HEADER")
    value = exchange.usage_key if source == "AUTHORIZER" else exchange.request.header("x-api-key")
    key = _key(ports, exchange, value) if value else None
    plan = _plan(ports, exchange, key) if key is not None else None
    if key is None or plan is None:
        raise Refusal("INVALID_API_KEY", why="API Key is missing, not enabled, or in no usage plan of the stage")
    exchange.request.identity |= {"apiKey": key.document["value"], "apiKeyId": key.name}
    place = (exchange.request.api_id, exchange.request.stage)
    stage = next(one for one in plan.document["apiStages"] if (one["apiId"], one["stage"]) == place)
    method = f"{exchange.request.resource_path}/{exchange.method['httpMethod']}"
    own = (stage.get("throttle") or {}).get(method)
    for name, limits in ((method, own), ("", plan.document.get("throttle"))):
        if limits:
            bucket = (exchange.scope, plan.name, key.name, place if name else "", name)
            _take(ports, bucket, float(limits.get("rateLimit", ACCOUNT_RATE)), int(limits.get("burstLimit", 0)) or 1)
            break
    await _count(ports, exchange, plan, key)


def _key(ports: Ports, exchange: Exchange, value: str) -> Resource | None:
    for one in ports.resources.all(API_KEY.stored, exchange.scope):
        if one.document["value"] == value and one.document.get("enabled"):
            return one
    return None


def _plan(ports: Ports, exchange: Exchange, key: Resource) -> Resource | None:
    request = exchange.request
    for one in ports.resources.all(USAGE_PLAN.stored, exchange.scope):
        serves = any((s["apiId"], s["stage"]) == (request.api_id, request.stage) for s in one.document["apiStages"])
        if serves and ports.resources.get(USAGE_PLAN_KEY.stored, exchange.scope, one.name, key.name):
            return one
    return None


async def _count(ports: Ports, exchange: Exchange, plan: Resource, key: Resource) -> None:
    """One more request of the period. Raises Refusal when there are none left. Kept on disk, as a quota outlives the
    server."""
    quota = plan.document.get("quota")
    if not quota:
        return
    today = period_start("DAY", ports.clock.wall()).isoformat()
    start = period_start(quota["period"], ports.clock.wall()).isoformat()
    found = ports.resources.get(USED, exchange.scope, plan.name, key.name)
    old: Document = found.document if found is not None else {"days": {}}
    more = {day: count for day, count in (old.get("more") or {}).items() if day == start}
    used, limit = used_since(old, start) + int(quota.get("offset") or 0), quota["limit"] + more.get(start, 0)
    if used >= limit:
        raise Refusal("QUOTA_EXCEEDED")
    days = dict(old["days"])
    days[today] = [days.get(today, [0, 0])[0] + 1, limit - used - 1]
    for day in sorted(days)[:-DAYS_KEPT]:
        del days[day]
    document = {"days": days, "more": more}
    await ports.resources.put(Resource(USED, exchange.scope, plan.name, key.name, ports.new_id(), document))
