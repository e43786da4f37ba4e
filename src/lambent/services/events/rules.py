"""Rules."""

from collections.abc import Mapping
from typing import Any

from lambent.buses import errors, names
from lambent.buses.registry import DISABLED, RULE, Document, Rule
from lambent.engine import event_pattern_reading, schedule
from lambent.engine.json_places import Invalid
from lambent.model.scope import Caller, Scope
from lambent.services.events import findings, managed, paging, tags
from lambent.services.events.env import EventsEnv

ENABLED = "ENABLED"


async def put_rule(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A rule as the request says it: what is left out is gone, but for its targets and tags."""
    scope, bus = env.bus(caller, params, "PutRule")
    name, pattern, timing = params["Name"], params.get("EventPattern") or "", params.get("ScheduleExpression") or ""
    _check(bus, pattern, timing)
    if managed.rule(env, scope, bus, name) is not None:
        text = f"Rule {name} is managed by an AWS service."  # our wording
        raise errors.BusError("ManagedRuleException", text)
    made: dict[str, Any] = {
        "pattern": pattern,
        "schedule": timing,
        "state": params.get("State") or ENABLED,
        "description": params.get("Description") or "",
        "role": params.get("RoleArn") or "",
    }
    there = env.registry.find_rule(scope, bus, name)
    if there is None:
        made |= {"targets": [], "tags": tags.read(params.get("Tags"), caller), "since": env.now()}
        await env.registry.add(RULE, scope, name, {**made, "by": caller.scope.account}, parent=bus)
    else:
        await env.registry.change(RULE, scope, name, lambda found: {**made, **_since(env, found, made)}, parent=bus)
    env.timetable.changed(scope, bus, name)
    rule = env.registry.rule(scope, bus, name)
    findings.tell(env.report, env.withdraw, rule)
    return {"RuleArn": rule.arn}


async def enable_rule(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Let it go on."""
    return await _switch(env, caller, params, "EnableRule", ENABLED)


async def disable_rule(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Let it rest."""
    return await _switch(env, caller, params, "DisableRule", DISABLED)


async def delete_rule(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Delete a rule that has no targets; no error when there is none."""
    scope, bus = env.bus(caller, params, "DeleteRule")
    name = params["Name"]
    rule = env.registry.find_rule(scope, bus, name)
    if rule is None:
        return {}
    if rule.targets:
        raise errors.validation("Rule can't be deleted since it has targets.")
    await env.registry.remove(RULE, scope, name, parent=bus)
    env.timetable.changed(scope, bus, name)
    env.withdraw(rule.arn)
    return {}


async def describe_rule(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """All about a rule but its targets."""
    scope, bus = env.bus(caller, params, "DescribeRule")
    if (own := managed.rule(env, scope, bus, params["Name"])) is not None:
        return {**own, "CreatedBy": scope.account}
    rule = env.registry.rule(scope, bus, params["Name"])
    return {**_shown(rule), "CreatedBy": rule.document["by"]}


async def list_rules(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A page of a bus' rules, by name."""
    scope, bus = env.bus(caller, params, "ListRules")
    prefix = params.get("NamePrefix") or ""
    found = [*map(_shown, env.registry.rules(scope, bus)), *managed.rules(env, scope, bus)]
    listed = sorted((one for one in found if one["Name"].startswith(prefix)), key=lambda one: str(one["Name"]))
    return paging.page(listed, "Name", params, "Rules")


async def list_rule_names_by_target(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A page of the names of rules that send to a target."""
    scope, bus = env.bus(caller, params, "ListRuleNamesByTarget")
    arn = params["TargetArn"]
    found = [one.name for one in env.registry.rules(scope, bus) if arn in [target["Arn"] for target in one.targets]]
    return paging.strings(found, params, "RuleNames")


def read_pattern(text: str) -> Mapping[str, Any]:
    """A pattern. Raises BusError."""
    try:
        return event_pattern_reading.read(text)
    except Invalid as error:
        raise errors.bad_pattern(str(error)) from error


async def _switch(env: EventsEnv, caller: Caller, params: dict[str, Any], action: str, state: str) -> dict[str, Any]:
    scope, bus = env.bus(caller, params, action)
    name = params["Name"]
    env.registry.rule(scope, bus, name)

    def change(found: Document) -> Document:
        return {"state": state, **_since(env, found, {**found, "state": state})}

    await env.registry.change(RULE, scope, name, change, parent=bus)
    env.timetable.changed(scope, bus, name)
    return {}


def _since(env: EventsEnv, before: Document, after: Document) -> Document:
    """A rate counts anew when it is another, or begins to count."""
    same = before["schedule"] == after["schedule"] and (before["state"] == DISABLED) == (after["state"] == DISABLED)
    return {} if same else {"since": env.now()}


def _check(bus: str, pattern: str, timing: str) -> None:
    """Raises BusError."""
    if not pattern and not timing:
        raise errors.validation("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if pattern:
        read_pattern(pattern)
    if not timing:
        return
    if bus != names.DEFAULT:
        raise errors.validation("ScheduleExpression is supported only on the default event bus.")
    try:
        found = schedule.parse(timing)
    except schedule.Invalid:
        found = None
    if found is None or found.at is not None:
        raise errors.validation("Parameter ScheduleExpression is not valid.")


def _shown(rule: Rule) -> dict[str, Any]:
    said = rule.document
    return {
        "Name": rule.name,
        "Arn": rule.arn,
        "EventPattern": said["pattern"] or None,
        "State": said["state"],
        "Description": said["description"] or None,
        "ScheduleExpression": said["schedule"] or None,
        "RoleArn": said["role"] or None,
        "EventBusName": rule.bus,
    }


def named(env: EventsEnv, caller: Caller, params: Mapping[str, Any], action: str) -> tuple[Scope, Rule]:
    """The rule that `Rule` and `EventBusName` mean. Raises BusError."""
    scope, bus = env.bus(caller, dict(params), action)
    return scope, env.registry.rule(scope, bus, params["Rule"])
