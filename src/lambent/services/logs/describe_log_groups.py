"""DescribeLogGroups."""

from typing import Any

from lambent.model.scope import Caller
from lambent.observe.logindex import Group
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.faults import invalid, unsupported
from lambent.services.logs.metric_filters import KIND
from lambent.services.logs.names import from_identifier, group_arn
from lambent.services.logs.paging import page


async def describe_log_groups(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The groups by name, filtered by prefix, by a piece of the name or by identifiers."""
    _refuse(params)
    chosen = [group for group in env.store.groups(caller.scope) if _wanted(caller, params, group.name)]
    found, token = page(chosen, lambda group: group.name, params.get("limit"), params.get("nextToken"))
    sizes = await env.store.stored_bytes(found)
    return {
        "logGroups": [_shown(env, group, size) for group, size in zip(found, sizes, strict=True)],
        "nextToken": token,
    }


def _refuse(params: dict[str, Any]) -> None:
    if params.get("logGroupNamePrefix") and params.get("logGroupNamePattern"):
        raise invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
    for name in ("accountIdentifiers", "includeLinkedAccounts"):
        if params.get(name):
            raise unsupported(name)


def _wanted(caller: Caller, params: dict[str, Any], name: str) -> bool:
    identifiers = params.get("logGroupIdentifiers")
    return (
        name.startswith(params.get("logGroupNamePrefix", ""))
        and params.get("logGroupNamePattern", "").lower() in name.lower()
        and (not identifiers or name in {from_identifier(caller.scope, one) for one in identifiers})
        and params.get("logGroupClass", "STANDARD") == "STANDARD"
    )


def _shown(env: LogsEnv, group: Group, size: int) -> dict[str, Any]:
    arn = group_arn(group.scope, group.name)
    return {
        "logGroupName": group.name,
        "creationTime": group.created,
        **({"retentionInDays": group.retention} if group.retention else {}),
        "metricFilterCount": len(env.resources.children(KIND, group.scope, group.name)),
        "arn": f"{arn}:*",
        "storedBytes": size,
        "logGroupClass": "STANDARD",
        "logGroupArn": arn,
    }
