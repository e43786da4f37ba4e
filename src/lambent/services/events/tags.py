"""Tags of buses and rules."""

from collections.abc import Iterable, Mapping
from typing import Any

from lambent.buses import errors, names
from lambent.buses.registry import RULE, Document
from lambent.model.scope import Caller, Scope
from lambent.services.events.env import EventsEnv

MOST = 50


async def tag_resource(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Add or replace tags."""
    added = read(params["Tags"], caller)
    await _change(env, caller, params["ResourceARN"], lambda tags: checked({**tags, **added}))
    return {}


async def untag_resource(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Remove tags by key."""
    gone = set(params["TagKeys"])
    await _change(env, caller, params["ResourceARN"], lambda tags: {k: v for k, v in tags.items() if k not in gone})
    return {}


async def list_tags_for_resource(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """All tags of a bus or a rule."""
    scope, bus, rule = _named(caller, params["ResourceARN"])
    found = env.registry.rule(scope, bus, rule).document if rule else env.registry.bus(scope, bus)
    return {"Tags": shown(found["tags"])}


def read(tags: Iterable[Mapping[str, str]] | None, caller: Caller) -> dict[str, str]:
    """The tags of a request. Raises BusError for what is AWS's own."""
    found = {one["Key"]: one["Value"] for one in tags or ()}
    if not caller.own and any(key.lower().startswith("aws:") for key in found):
        raise errors.validation("System tags cannot be added/updated by requester.")
    return checked(found)


def checked(tags: dict[str, str]) -> dict[str, str]:
    """Raises BusError when there are too many."""
    if len(tags) > MOST:
        raise errors.validation(f"The maximum number of tags for a resource is {MOST}.")  # our wording
    return tags


def shown(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """As the API says them."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def _named(caller: Caller, arn: str) -> tuple[Scope, str, str]:
    """Account and region, bus and rule ("" for a bus) of an ARN. Raises BusError."""
    parts = arn.split(":", 5)
    kind = parts[5].partition("/")[0] if len(parts) == 6 else ""
    if kind not in ("rule", "event-bus"):
        raise errors.validation(f"Parameter ResourceARN is not valid. Reason: {arn} has no tags.")  # our wording
    scope = Scope(parts[4], parts[3])
    if scope.account != caller.scope.account:
        raise errors.denied(f"arn:aws:iam::{caller.scope.account}:root", "events:TagResource", arn)
    if kind == "event-bus":
        return scope, names.bus_named(scope, arn)[1], ""
    return scope, *names.rule_named(parts[5])


async def _change(env: EventsEnv, caller: Caller, arn: str, change: Any) -> None:
    scope, bus, rule = _named(caller, arn)

    def changed(found: Document) -> Document:
        return {"tags": change(found["tags"])}

    if rule:
        env.registry.rule(scope, bus, rule)
        await env.registry.change(RULE, scope, rule, changed, parent=bus)
    else:
        await env.registry.change_bus(scope, bus, changed)
