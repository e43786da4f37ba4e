"""What was used of a usage plan, and what is left of it when that is set by hand.

https://docs.aws.amazon.com/apigateway/latest/api/API_GetUsage.html, API_UpdateUsage.html
"""

from datetime import date, timedelta
from typing import Any

from lambent.engine.throttle import period_start
from lambent.model.api_kinds import USED
from lambent.model.scope import Caller, Scope
from lambent.services.apigateway import faults, patching
from lambent.services.apigateway.env import ApiGatewayEnv, Document, Params
from lambent.services.apigateway.kinds import USAGE_PLAN, USAGE_PLAN_KEY, Patches
from lambent.services.apigateway.tabled import Operation
from lambent.services.usage_plans import used_since

REMAINING = Patches(("remaining",), grown=())


async def get_usage(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """Per key and day: how much was used and how much is left."""
    plan = env.asked(USAGE_PLAN, caller.scope, params)
    days = _days(params["startDate"], params["endDate"])
    keys = [params["keyId"]] if params.get("keyId") else _names(env, caller.scope, plan.name)
    items = {}
    for key in keys:
        used = env.resources.get(USED, caller.scope, plan.name, key)
        document = used.document if used is not None else {}
        limit = (plan.document.get("quota") or {}).get("limit", 0)
        items[key] = [document.get("days", {}).get(day, [0, limit]) for day in days]
    answer = {"usagePlanId": plan.name, "startDate": params["startDate"], "endDate": params["endDate"]}
    return answer | {"items": items}


def _names(env: ApiGatewayEnv, scope: Scope, plan: str) -> list[str]:
    return [one.name for one in env.all(USAGE_PLAN_KEY, scope, plan)]


def _days(start: str, end: str) -> list[str]:
    try:
        first, last = date.fromisoformat(start), date.fromisoformat(end)
    except ValueError:
        raise faults.bad_request("Invalid date format. Expected yyyy-MM-dd") from None
    if not 0 <= (last - first).days <= 90:
        raise faults.bad_request("The date range must be at most 90 days, and the end not before the start")
    return [(first + timedelta(days=day)).isoformat() for day in range((last - first).days + 1)]


async def update_usage(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """What is left to a key in this period."""
    scope, plan = caller.scope, env.asked(USAGE_PLAN, caller.scope, params)
    key = env.find(USAGE_PLAN_KEY, scope, plan.name, params["keyId"])
    left = _remaining(params.get("patchOperations") or ())
    quota = plan.document.get("quota")
    if not quota:
        raise faults.bad_request("Usage Plan has no quota")
    found = env.resources.get(USED, scope, plan.name, key.name)
    document: Document = dict(found.document) if found is not None else {"days": {}}
    today = period_start("DAY", env.wall()).isoformat()
    if left is not None:
        start = period_start(quota["period"], env.wall()).isoformat()
        used = used_since(document, start)
        document["more"] = {start: used + left - quota["limit"] + int(quota.get("offset") or 0)}
        today_used = document["days"].get(today, [0, 0])[0]
        document["days"] = document["days"] | {today: [today_used, left]}
        await env.resources.put(env.made_of(USED, scope, plan.name, key.name, document))
    days = {"startDate": today, "endDate": today, "usagePlanId": plan.name, "keyId": key.name}
    return await get_usage(env, caller, days)


def _remaining(operations: Any) -> int | None:
    """Raises 400."""
    left = None
    for operation in operations:
        path, op = str(operation.get("path")), operation.get("op")
        if path != "/remaining" or op != "replace":
            raise patching.no_path(path, op, REMAINING)
        if not str(operation.get("value")).isdecimal():
            raise faults.bad_request("Invalid value specified for remaining: it must be a number")
        left = int(operation["value"])
    return left


OPERATIONS: dict[str, Operation] = {"GetUsage": get_usage, "UpdateUsage": update_usage}
