"""Dashboards: PutDashboard, GetDashboard, ListDashboards, DeleteDashboards.

Source of the checks: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

import re
from collections.abc import Iterator
from typing import Any

import orjson

from lambent.model.scope import Caller, Scope
from lambent.services.cloudwatch import faults, paging, tags
from lambent.services.cloudwatch.env import CloudWatchEnv
from lambent.store.resources import Resource
from lambent.wire.fault import Fault

KIND = "cloudwatch/dashboard"
NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
TYPES = ("metric", "text", "log", "alarm", "explorer", "custom")
NUMBERS = {"x": (0, 23), "y": (0, None), "width": (1, 24), "height": (1, 1000)}
PAGE, MOST_WIDGETS = 1000, 500


async def put_dashboard(env: CloudWatchEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Store a dashboard, over the one of that name."""
    name, body = params["DashboardName"], params["DashboardBody"]
    if not NAME.fullmatch(name):
        raise _invalid("", f"The value {name} for field DashboardName contains invalid characters.")
    _check(body)
    document = {"body": body, "modified": env.clock()}
    await env.resources.put(Resource(KIND, caller.scope, "", name, env.new_id(), document))
    await tags.on_creation(env, caller, _arn(caller.scope, name), params)
    return {"DashboardValidationMessages": []}


def _arn(scope: Scope, name: str) -> str:
    """Dashboards are of no region."""
    return f"arn:aws:cloudwatch::{scope.account}:dashboard/{name}"


def _check(body: str) -> None:
    """Raise Fault for what is no dashboard."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _invalid("", "The field DashboardBody must be a valid JSON object") from None
    if not isinstance(said, dict):
        raise _invalid("", "The field DashboardBody must be a valid JSON object")
    widgets = said.get("widgets", [])
    if not isinstance(widgets, list) or len(widgets) > MOST_WIDGETS:
        raise _invalid("/widgets", f"Should be an array of at most {MOST_WIDGETS} widgets")
    found = [one for at, widget in enumerate(widgets) for one in _problems(widget, f"/widgets/{at}")]
    if found:
        raise _refused(found)


def _problems(widget: Any, where: str) -> Iterator[tuple[str, str]]:
    if not isinstance(widget, dict):
        yield where, "Should be object"
        return
    if "type" not in widget:
        yield where, "Should have required property 'type'"
    elif widget["type"] not in TYPES:
        yield f"{where}/type", f"Should be equal to one of the allowed values: {', '.join(TYPES)}"
    if not isinstance(widget.get("properties"), dict):
        yield where, "Should have required property 'properties'"
    for name, (least, most) in NUMBERS.items():
        value = widget.get(name, least)
        if (
            isinstance(value, bool)
            or not isinstance(value, int)
            or value < least
            or (most is not None and value > most)
        ):
            yield f"{where}/{name}", f"Should be an integer from {least}" + (f" to {most}" if most else "")


def _invalid(where: str, text: str) -> Fault:
    return _refused([(where, text)])


def _refused(found: list[tuple[str, str]]) -> Fault:
    messages = [{"DataPath": where, "Message": text} for where, text in found]
    text = f"The dashboard body is invalid, there are {len(found)} validation errors: {orjson.dumps(messages).decode()}"
    return Fault("DashboardInvalidInputError", text, members={"dashboardValidationMessages": messages})


async def get_dashboard(env: CloudWatchEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A dashboard as it was put."""
    name = params["DashboardName"]
    found = env.resources.get(KIND, caller.scope, "", name)
    if found is None:
        raise _unknown([name])
    return {"DashboardArn": _arn(caller.scope, name), "DashboardBody": found.document["body"], "DashboardName": name}


def _unknown(names: list[str]) -> Fault:
    return Fault("DashboardNotFoundError", f"Dashboard {', '.join(names)} does not exist")


async def list_dashboards(env: CloudWatchEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """All of them, or those whose names begin alike."""
    prefix = params.get("DashboardNamePrefix", "")
    found = [one for one in env.resources.all(KIND, caller.scope) if one.name.startswith(prefix)]
    shown, token = paging.page(found, params.get("NextToken"), PAGE)
    return {"DashboardEntries": [_entry(caller.scope, one) for one in shown], "NextToken": token}


def _entry(scope: Scope, dashboard: Resource) -> dict[str, Any]:
    return {
        "DashboardName": dashboard.name,
        "DashboardArn": _arn(scope, dashboard.name),
        "LastModified": dashboard.document["modified"],
        "Size": len(dashboard.document["body"].encode()),
    }


async def delete_dashboards(env: CloudWatchEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Delete all that are named; none when one is not there."""
    names = params["DashboardNames"]
    if not names:
        raise faults.missing("DashboardNames")
    missing = [name for name in names if env.resources.get(KIND, caller.scope, "", name) is None]
    if missing:
        raise _unknown(missing)
    for name in names:
        found = env.resources.get(KIND, caller.scope, "", name)
        if found is not None:
            await env.resources.discard(found)
        labels = tags.resource(env, caller.scope, _arn(caller.scope, name))
        if labels is not None:
            await env.resources.discard(labels)
    return {}
