"""Targets of rules."""

from typing import Any

from lambent.buses import errors, names, targets
from lambent.buses.registry import RULE
from lambent.model.scope import Caller
from lambent.services.events import managed, paging, rules
from lambent.services.events.env import EventsEnv


async def put_targets(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Add targets, or replace those of the same ids: all of them or none."""
    given = [_without_none(one) for one in params["Targets"]]
    targets.check(given)
    scope, rule = rules.named(env, caller, params, "PutTargets")
    for one in given:
        if one["Arn"] == names.bus_arn(scope, rule.bus):
            raise errors.unsupported("rules that send to their own bus, round and round,")

    def change(found: Any) -> dict[str, Any]:
        return {"targets": targets.put(found["targets"], given)}

    await env.registry.change(RULE, scope, rule.name, change, parent=rule.bus)
    return {"FailedEntryCount": 0, "FailedEntries": []}


async def remove_targets(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Remove targets by id; what is not there is said."""
    scope, rule = rules.named(env, caller, params, "RemoveTargets")
    there = {one["Id"] for one in rule.targets}
    gone = set(params["Ids"])

    def change(found: Any) -> dict[str, Any]:
        return {"targets": [one for one in found["targets"] if one["Id"] not in gone]}

    await env.registry.change(RULE, scope, rule.name, change, parent=rule.bus)
    failed = [
        {
            "TargetId": unique,
            "ErrorCode": "ResourceNotFoundException",
            "ErrorMessage": f"Rule {rule.name} does not have a target with the Id {unique}.",
        }
        for unique in params["Ids"]
        if unique not in there
    ]
    return {"FailedEntryCount": len(failed), "FailedEntries": failed}


async def list_targets_by_rule(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A page of a rule's targets."""
    scope, bus = env.bus(caller, params, "ListTargetsByRule")
    if managed.rule(env, scope, bus, params["Rule"]) is not None:
        return {"Targets": [managed.target(scope, params["Rule"])]}
    rule = env.registry.rule(scope, bus, params["Rule"])
    return paging.page(sorted(rule.targets, key=lambda one: str(one["Id"])), "Id", params, "Targets")


def _without_none(target: Any) -> dict[str, Any]:
    return {name: value for name, value in target.items() if value is not None}
