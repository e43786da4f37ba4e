"""Buses and their policies."""

import json
from collections.abc import Mapping
from typing import Any

from lambent.buses import errors, names
from lambent.buses.registry import BUS, Document
from lambent.engine.authorisation import checking
from lambent.model.scope import Caller, Scope
from lambent.services.events import paging, tags
from lambent.services.events.env import EventsEnv
from lambent.store.errors import RecordExists

MEMBERS = ("Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")
POLICY_BYTES = 10_240
KIND = checking.Kind("needed", "needed", plain_sids=False, vendor="events")


async def create_event_bus(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A new bus."""
    name, scope = params["Name"], caller.scope
    _check(params)
    taken = errors.exists(f"Event bus {name} already exists.")
    if name == names.DEFAULT:
        raise taken
    if "/" in name:
        raise errors.validation("Event bus name must not contain '/'.")
    document = {
        "created": env.now(),
        "modified": env.now(),
        "tags": tags.read(params.get("Tags"), caller),
        "policy": {},
        **{member: params[member] for member in MEMBERS if params.get(member)},
    }
    try:
        await env.registry.add(BUS, scope, name, document)
    except RecordExists:
        raise taken from None
    return {"EventBusArn": names.bus_arn(scope, name), **_settings(document)}


async def update_event_bus(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Change what is given."""
    name = params.get("Name") or names.DEFAULT
    _check(params)
    given = {member: params[member] for member in MEMBERS if member in params}
    document = await env.registry.change_bus(caller.scope, name, lambda _found: given)
    return {"Arn": names.bus_arn(caller.scope, name), "Name": name, **_settings(document)}


async def delete_event_bus(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Delete a bus that has no rules; no error when there is none."""
    name = params["Name"]
    if name == names.DEFAULT:
        raise errors.validation("Cannot delete event bus default.")
    if env.registry.rules(caller.scope, name):
        raise errors.validation("EventBus can't be deleted since it has rules.")
    await env.registry.remove(BUS, caller.scope, name)
    return {}


async def describe_event_bus(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """All about a bus."""
    scope, name = env.bus(caller, params, "DescribeEventBus", "Name")
    document = env.registry.bus(scope, name)
    return {**_shown(scope, name, document), **_settings(document)}


async def list_event_buses(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A page of buses, by name."""
    prefix = params.get("NamePrefix") or ""
    found = [
        _shown(caller.scope, name, one) for name, one in env.registry.buses(caller.scope) if name.startswith(prefix)
    ]
    return paging.page(found, "Name", params, "EventBuses")


async def put_permission(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Let others in: with a statement, or with a policy as a whole."""
    name = params.get("EventBusName") or names.DEFAULT
    env.registry.bus(caller.scope, name)
    if params.get("Policy"):
        policy = _read(params["Policy"])
        await env.registry.change_bus(caller.scope, name, lambda _found: {"policy": policy})
        return {}
    for member in ("Action", "Principal", "StatementId"):
        if not params.get(member):
            raise errors.validation(f"Parameter {member} is not valid. Reason: {member} is a required argument.")
    if params["Action"] != "events:PutEvents":
        raise errors.validation("Provided value in parameter 'action' is not supported.")
    statement = _statement(params, names.bus_arn(caller.scope, name))
    await env.registry.change_bus(caller.scope, name, lambda found: {"policy": _with(found["policy"], statement)})
    return {}


async def remove_permission(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Take back a statement, or all."""
    name = params.get("EventBusName") or names.DEFAULT
    unique = params.get("StatementId")
    document = env.registry.bus(caller.scope, name)
    if params.get("RemoveAllPermissions"):
        await env.registry.change_bus(caller.scope, name, lambda _found: {"policy": {}})
        return {}
    if not document["policy"]:
        raise errors.not_found("EventBus does not have a policy.")
    if unique not in [one.get("Sid") for one in _statements(document["policy"])]:
        raise errors.not_found("Statement with the provided id does not exist.")
    await env.registry.change_bus(caller.scope, name, lambda found: {"policy": _without(found["policy"], unique)})
    return {}


def _check(params: Mapping[str, Any]) -> None:
    """What would have no effect is refused by name. Raises BusError."""
    if params.get("EventSourceName"):
        raise errors.unsupported("partner event sources")
    if (params.get("LogConfig") or {}).get("Level", "OFF") != "OFF":
        raise errors.unsupported("the log of a bus (LogConfig)")


def _shown(scope: Scope, name: str, document: Document) -> dict[str, Any]:
    policy = document["policy"]
    return {
        "Name": name,
        "Arn": names.bus_arn(scope, name),
        "Description": document.get("Description"),
        "Policy": json.dumps(policy, separators=(",", ":")) if policy else None,
        "CreationTime": document["created"],
        "LastModifiedTime": document.get("modified"),
    }


def _settings(document: Document) -> dict[str, Any]:
    return {member: document.get(member) for member in MEMBERS}


def _read(text: str) -> dict[str, Any]:
    """A policy. Raises BusError."""
    if len(text.encode("utf-8", "replace")) > POLICY_BYTES:
        raise errors.BusError("PolicyLengthExceededException", "The policy exceeds the maximum length allowed.")
    if checking.check(text, KIND) is not None:
        raise errors.validation("Parameter Policy is not valid. Reason: The policy is not well-formed.")  # our wording
    policy: dict[str, Any] = json.loads(text)
    return policy


def _statement(params: Mapping[str, Any], arn: str) -> dict[str, Any]:
    principal = params["Principal"]
    statement = {
        "Sid": params["StatementId"],
        "Effect": "Allow",
        "Principal": principal if principal == "*" else {"AWS": f"arn:aws:iam::{principal}:root"},
        "Action": params["Action"],
        "Resource": arn,
    }
    condition = params.get("Condition")
    if condition:
        statement["Condition"] = {condition["Type"]: {condition["Key"]: condition["Value"]}}
    return statement


def _statements(policy: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = policy.get("Statement") or []
    return list(found) if isinstance(found, list) else [found]


def _with(policy: Mapping[str, Any], statement: dict[str, Any]) -> dict[str, Any]:
    kept = [one for one in _statements(policy) if one.get("Sid") != statement["Sid"]]
    return {"Version": "2012-10-17", **policy, "Statement": [*kept, statement]}


def _without(policy: Mapping[str, Any], unique: Any) -> dict[str, Any]:
    kept = [one for one in _statements(policy) if one.get("Sid") != unique]
    return {**policy, "Statement": kept} if kept else {}
