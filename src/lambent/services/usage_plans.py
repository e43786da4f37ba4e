"""API keys, and what the usage plans of a stage allow who has one: of REST and WebSocket APIs.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from lambent.clock import Clock
from lambent.engine.throttle import Buckets, period_start
from lambent.model.api_kinds import API_KEY, USAGE_PLAN, USAGE_PLAN_KEY, USED
from lambent.model.scope import Scope
from lambent.store.resources import Resource, Resources

Document = Mapping[str, Any]
RATE = 10_000.0
"""An account's, which counts for a plan that has none."""
DAYS_KEPT = 90


class Keeping(Protocol):
    """What is needed of the rest of the server."""

    resources: Resources
    clock: Clock
    buckets: Buckets

    def new_id(self) -> str: ...


class NotAllowed(Exception):
    """The key, or who has it, may not; the text is INVALID_API_KEY, THROTTLED or QUOTA_EXCEEDED."""


@dataclass(frozen=True, slots=True)
class Place:
    """What is asked: a stage, and of it a method (`/pets/GET`; "" where plans have no limits of one)."""

    scope: Scope
    api: str
    stage: str
    method: str = ""


async def take(ports: Keeping, place: Place, value: str | None) -> Resource:
    """The key of a value, whose plan for the stage counts the request. Raises NotAllowed."""
    key = _key(ports, place, value) if value else None
    plan = _plan(ports, place, key) if key is not None else None
    if key is None or plan is None:
        raise NotAllowed("INVALID_API_KEY")
    own = (place.api, place.stage)
    stage = next(one for one in plan.document["apiStages"] if (one["apiId"], one["stage"]) == own)
    for name, limits in (
        (place.method, (stage.get("throttle") or {}).get(place.method)),
        ("", plan.document.get("throttle")),
    ):
        if limits:
            bucket = (place.scope, plan.name, key.name, own if name else "", name)
            rate, burst = float(limits.get("rateLimit", RATE)), int(limits.get("burstLimit", 0)) or 1
            if not ports.buckets.take(bucket, rate, burst, ports.clock.monotonic()):
                raise NotAllowed("THROTTLED")
            break
    await _count(ports, place.scope, plan, key)
    return key


def _key(ports: Keeping, place: Place, value: str) -> Resource | None:
    for one in ports.resources.all(API_KEY, place.scope):
        if one.document["value"] == value and one.document.get("enabled"):
            return one
    return None


def _plan(ports: Keeping, place: Place, key: Resource) -> Resource | None:
    for one in ports.resources.all(USAGE_PLAN, place.scope):
        serves = any((s["apiId"], s["stage"]) == (place.api, place.stage) for s in one.document["apiStages"])
        if serves and ports.resources.get(USAGE_PLAN_KEY, place.scope, one.name, key.name):
            return one
    return None


async def _count(ports: Keeping, scope: Scope, plan: Resource, key: Resource) -> None:
    """One more request of the period. Raises NotAllowed when there are none left. Kept on disk, as a quota outlives the
    server."""
    quota = plan.document.get("quota")
    if not quota:
        return
    today = period_start("DAY", ports.clock.wall()).isoformat()
    start = period_start(quota["period"], ports.clock.wall()).isoformat()
    found = ports.resources.get(USED, scope, plan.name, key.name)
    old: Document = found.document if found is not None else {"days": {}}
    more = {day: count for day, count in (old.get("more") or {}).items() if day == start}
    used, limit = used_since(old, start) + int(quota.get("offset") or 0), quota["limit"] + more.get(start, 0)
    if used >= limit:
        raise NotAllowed("QUOTA_EXCEEDED")
    days = dict(old["days"])
    days[today] = [days.get(today, [0, 0])[0] + 1, limit - used - 1]
    for day in sorted(days)[:-DAYS_KEPT]:
        del days[day]
    document = {"days": days, "more": more}
    await ports.resources.put(Resource(USED, scope, plan.name, key.name, ports.new_id(), document))


def used_since(document: Document, start: str) -> int:
    """How much was used since the first day of a period."""
    return sum(count for day, (count, _) in document["days"].items() if day >= start)
