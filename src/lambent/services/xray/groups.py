"""Groups: traces that a filter expression finds, by a name.

Source: https://docs.aws.amazon.com/xray/latest/api/API_CreateGroup.html and its like ("Default" is reserved);
https://docs.aws.amazon.com/general/latest/gr/xray.html (25 groups). The metric ApproximateTraceCount is not published.
"""

from typing import Any

from lambent.engine.traces.filter import Expression
from lambent.model.scope import Caller, Scope
from lambent.services.xray import expressions, faults
from lambent.services.xray.env import XRayEnv
from lambent.services.xray.tags import GROUP, given
from lambent.store.errors import RecordExists
from lambent.store.resources import Resource

KIND = GROUP
DEFAULT = "Default"
MOST = 25
_SETTINGS = ("FilterExpression", "InsightsConfiguration")


async def create_group(env: XRayEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """One more."""
    name = params["GroupName"]
    _check(params)
    if name == DEFAULT:
        raise faults.invalid("Default is a reserved name.")
    if len(list(env.resources.all(KIND, caller.scope))) >= MOST:
        raise faults.invalid(f"An account has at most {MOST} groups.")
    number = env.new_id().replace("-", "")[:32].upper()
    group = {"GroupName": name, "GroupARN": _arn(caller.scope, f"{name}/{number}"), **_settings(params)}
    group["tags"] = given(params)
    try:
        await env.resources.insert(Resource(KIND, caller.scope, "", name, env.new_id(), group))
    except RecordExists as error:
        raise faults.invalid(f"The group {name} already exists.") from error
    return {"Group": _told(group)}


async def update_group(env: XRayEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Another expression."""
    _check(params)
    found = _find(env, caller.scope, params)
    group = {**found.document, **_settings(params)}
    await env.resources.put(Resource(KIND, caller.scope, "", found.name, env.new_id(), group))
    return {"Group": _told(group)}


async def delete_group(env: XRayEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """One less."""
    await env.resources.discard(_find(env, caller.scope, params))
    return {}


async def get_group(env: XRayEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """One of them."""
    return {"Group": _told(_find(env, caller.scope, params).document)}


async def get_groups(env: XRayEnv, caller: Caller, _params: dict[str, Any]) -> dict[str, Any]:
    """All of them, on one page."""
    return {"Groups": [_told(one.document) for one in env.resources.all(KIND, caller.scope)]}


def expression_of(env: XRayEnv, scope: Scope, params: dict[str, Any]) -> Expression | None:
    """What finds the traces of the group that is named by GroupName or GroupARN; None for all traces. Raises Fault."""
    if params.get("GroupName", DEFAULT) == DEFAULT and not params.get("GroupARN"):
        return None
    return expressions.read(_find(env, scope, params).document.get("FilterExpression"))


def _check(params: dict[str, Any]) -> None:
    """Raise Fault for what is not taken."""
    if (params.get("InsightsConfiguration") or {}).get("InsightsEnabled"):
        raise faults.unsupported("insights: nothing is found out about anomalies")
    expressions.read(params.get("FilterExpression"))


def _settings(params: dict[str, Any]) -> dict[str, Any]:
    return {name: params[name] for name in _SETTINGS if params.get(name) is not None}


def _find(env: XRayEnv, scope: Scope, params: dict[str, Any]) -> Resource:
    """The group of a name or an ARN, not of both. Raises Fault."""
    name, arn = params.get("GroupName"), params.get("GroupARN")
    if bool(name) == bool(arn):
        raise faults.invalid("Either GroupName or GroupARN is needed.")
    for one in env.resources.all(KIND, scope):
        if name == one.name or arn == one.document["GroupARN"]:
            return one
    raise faults.invalid(f"The group {name or arn} does not exist.")


def _arn(scope: Scope, group: str) -> str:
    return f"arn:aws:xray:{scope.region}:{scope.account}:group/{group}"


def _told(group: dict[str, Any]) -> dict[str, Any]:
    insights = {"InsightsConfiguration": {"InsightsEnabled": False, "NotificationsEnabled": False}}
    return {name: value for name, value in {**insights, **group}.items() if name != "tags"}
