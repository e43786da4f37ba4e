"""Archives and replays."""

from collections.abc import Mapping
from typing import Any

from lambent.buses import errors, names, replaying
from lambent.buses.registry import ARCHIVE, REPLAY, Document
from lambent.model.scope import Caller, Scope
from lambent.services.events import paging
from lambent.services.events.env import EventsEnv
from lambent.services.events.rules import read_pattern
from lambent.store.errors import RecordExists


async def create_archive(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Keep the events of a bus from now on."""
    scope, name = caller.scope, params["ArchiveName"]
    where, bus = names.bus_named(scope, params["EventSourceArn"])
    if where != scope or not env.registry.has_bus(scope, bus):
        raise errors.no_bus(bus)
    _check(params)
    document = {
        "uid": env.new_id(),
        "bus": bus,
        "pattern": params.get("EventPattern") or "",
        "description": params.get("Description") or "",
        "days": params.get("RetentionDays") or 0,
        "created": env.now(),
    }
    try:
        await env.registry.add(ARCHIVE, scope, name, document)
    except RecordExists:
        raise errors.exists(f"Archive {name} already exists.") from None
    return _made(scope, name, document)


async def update_archive(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Change what is given."""
    scope, name = caller.scope, params["ArchiveName"]
    _get(env, scope, name)
    _check(params)
    members = {"EventPattern": "pattern", "Description": "description", "RetentionDays": "days"}
    given = {kept: params[member] for member, kept in members.items() if params.get(member) is not None}
    document = await env.registry.change(ARCHIVE, scope, name, lambda _found: given)
    return _made(scope, name, document)


async def delete_archive(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Delete an archive with its events."""
    found = _get(env, caller.scope, params["ArchiveName"])
    await env.registry.remove(ARCHIVE, caller.scope, params["ArchiveName"])
    await env.archives.drop(found["uid"])
    return {}


async def describe_archive(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """All about an archive."""
    scope, name = caller.scope, params["ArchiveName"]
    found = _get(env, scope, name)
    return {
        **await _shown(env, scope, name, found),
        "ArchiveArn": names.arn(scope, f"archive/{name}"),
        "Description": found["description"] or None,
        "EventPattern": found["pattern"] or None,
    }


async def list_archives(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A page of archives, by name."""
    _one_filter(params, "ListArchives")
    scope = caller.scope
    found = [await _shown(env, scope, name, one) for name, one in env.registry.all(ARCHIVE, scope)]
    return paging.page(_filtered(found, params, "ArchiveName"), "ArchiveName", params, "Archives")


async def start_replay(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Send the events of an archive once more."""
    scope, name = caller.scope, params["ReplayName"]
    archive = _replayed(env, caller, params)
    document = {
        "archive": archive["uid"],
        "bus": archive["bus"],
        "source": params["EventSourceArn"],
        "destination": params["Destination"],
        "rules": params["Destination"].get("FilterArns") or [],
        "description": params.get("Description") or "",
        "since": params["EventStartTime"].timestamp(),
        "until": params["EventEndTime"].timestamp(),
        "began": env.now(),
        "state": replaying.STARTING,
    }
    try:
        await env.registry.add(REPLAY, scope, name, document)
    except RecordExists:
        raise errors.exists(f"Replay {name} already exists.") from None
    env.replays.begin(scope, name)
    arn = names.arn(scope, f"replay/{name}")
    return {"ReplayArn": arn, "State": replaying.STARTING, "ReplayStartTime": document["began"]}


async def cancel_replay(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Stop it where it is."""
    scope, name = caller.scope, params["ReplayName"]
    _replay(env, scope, name)

    def change(found: Document) -> Document:
        if found["state"] not in (replaying.STARTING, replaying.RUNNING):
            text = f"Replay {name} is not in a valid state for this operation."
            raise errors.BusError("IllegalStatusException", text)
        return {"state": replaying.CANCELLING}

    await env.registry.change(REPLAY, scope, name, change)
    return {"ReplayArn": names.arn(scope, f"replay/{name}"), "State": replaying.CANCELLING}


async def describe_replay(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """All about a replay."""
    scope, name = caller.scope, params["ReplayName"]
    found = _replay(env, scope, name)
    return {
        **_listed(name, found),
        "ReplayArn": names.arn(scope, f"replay/{name}"),
        "Description": found["description"] or None,
        "Destination": found["destination"],
    }


async def list_replays(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A page of replays, by name."""
    _one_filter(params, "ListReplays")
    found = [_listed(name, one) for name, one in env.registry.all(REPLAY, caller.scope)]
    return paging.page(_filtered(found, params, "ReplayName"), "ReplayName", params, "Replays")


def _check(params: Mapping[str, Any]) -> None:
    if params.get("EventPattern"):
        read_pattern(params["EventPattern"])


def _get(env: EventsEnv, scope: Scope, name: str) -> Document:
    found = env.registry.find(ARCHIVE, scope, name)
    if found is None:
        raise errors.not_found(f"Archive {name} does not exist.")
    return found


def _replay(env: EventsEnv, scope: Scope, name: str) -> Document:
    found = env.registry.find(REPLAY, scope, name)
    if found is None:
        raise errors.not_found(f"Replay {name} does not exist.")
    return found


def _replayed(env: EventsEnv, caller: Caller, params: Mapping[str, Any]) -> Document:
    """The archive of a replay that may begin. Raises BusError."""
    destination = params["Destination"]["Arn"]
    if ":event-bus/" not in destination:
        text = "Parameter Destination.Arn is not valid. Reason: Must contain an event bus ARN."
        raise errors.validation(text)
    scope, bus = names.bus_named(caller.scope, destination)
    if not env.registry.has_bus(scope, bus):
        raise errors.no_bus(bus)
    name = params["EventSourceArn"].rpartition("/")[2]
    archive = env.registry.find(ARCHIVE, caller.scope, name)
    if archive is None:
        raise errors.validation(f"Parameter EventSourceArn is not valid. Reason: Archive {name} does not exist.")
    if (scope, bus) != (caller.scope, archive["bus"]):
        text = "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted."
        raise errors.validation(text)
    if params["EventStartTime"] >= params["EventEndTime"]:
        text = "Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime."
        raise errors.validation(text)
    return archive


def _made(scope: Scope, name: str, document: Document) -> dict[str, Any]:
    return {"ArchiveArn": names.arn(scope, f"archive/{name}"), "State": "ENABLED", "CreationTime": document["created"]}


async def _shown(env: EventsEnv, scope: Scope, name: str, found: Document) -> dict[str, Any]:
    count, size = await env.archives.counts(found["uid"])
    return {
        "ArchiveName": name,
        "EventSourceArn": names.bus_arn(scope, found["bus"]),
        "State": "ENABLED",
        "RetentionDays": found["days"],
        "SizeBytes": size,
        "EventCount": count,
        "CreationTime": found["created"],
    }


def _listed(name: str, found: Document) -> dict[str, Any]:
    place = found.get("place")
    return {
        "ReplayName": name,
        "EventSourceArn": found["source"],
        "State": found["state"],
        "StateReason": found.get("reason"),
        "EventStartTime": found["since"],
        "EventEndTime": found["until"],
        "EventLastReplayedTime": place[0] if place else None,
        "ReplayStartTime": found["began"],
        "ReplayEndTime": found.get("ended"),
    }


def _one_filter(params: Mapping[str, Any], operation: str) -> None:
    if sum(bool(params.get(name)) for name in ("State", "EventSourceArn", "NamePrefix")) > 1:
        text = f"At most one filter is allowed for {operation}. Use either : State, EventSourceArn, or NamePrefix."
        raise errors.validation(text)


def _filtered(found: list[dict[str, Any]], params: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    prefix = params.get("NamePrefix") or ""
    exact = {name: params[name] for name in ("State", "EventSourceArn") if params.get(name)}
    return [
        one for one in found if one[key].startswith(prefix) and all(one[name] == said for name, said in exact.items())
    ]
