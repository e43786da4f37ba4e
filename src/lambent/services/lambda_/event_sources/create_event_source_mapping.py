"""CreateEventSourceMapping."""

from collections.abc import Mapping
from typing import Any

from lambent.model.names import parse
from lambent.model.scope import Caller, Scope
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.event_sources.advice import advise
from lambent.services.lambda_.event_sources.event_source_checks import (
    check_built,
    check_known,
    check_start,
    check_values,
)
from lambent.services.lambda_.event_sources.event_source_existence import require_source
from lambent.services.lambda_.event_sources.event_source_kinds import SQS, SQS_FIFO, Kind, kind_of
from lambent.services.lambda_.event_sources.event_source_mapping import (
    KIND,
    State,
    answer,
    applied,
    function_meant,
    settle,
)
from lambent.services.lambda_.functions import configuration, stored_only
from lambent.services.lambda_.functions.settling import delay_for
from lambent.services.lambda_.lookup import refer
from lambent.services.lambda_.qualifiers import find_qualified
from lambent.store.resources import Resource


async def create_event_source_mapping(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Answers Creating; the mapping becomes Enabled in the background. One that is made disabled is so at once."""
    scope = caller.scope
    kind = kind_of(params)
    check_start(kind, params, env.clock())
    check_known(kind, params)
    configuration.check_tags(params.get("Tags") or {}, env.limits, caller.own)
    uuid = env.new_id()
    shown = applied(kind.shows, params)
    check_values(kind, shown)
    arn = function_meant(env, scope, params["FunctionName"])
    check_built(kind)
    _check_new(env, scope, kind, arn, params)
    if "EventSourceArn" in params:
        meant = find_qualified(env, refer(scope, params["FunctionName"])).configuration
        await require_source(env, caller, kind, params["EventSourceArn"], meant)
        _check_new(env, scope, kind, arn, params)  # again: others had their turn
    mapping = _mapping(env, scope, uuid, shown | {"FunctionArn": arn}, params)
    await env.resources.insert(mapping)
    env.spawn(settle(env, scope, uuid, delay_for(env, caller)))
    env.spawn(advise(env, caller, mapping))
    return answer(env, mapping)


def _mapping(env: LambdaEnv, scope: Scope, uuid: str, shown: Mapping[str, Any], params: Mapping[str, Any]) -> Resource:
    enabled = params.get("Enabled", True)
    document = {"enabled": enabled, "tags": dict(params.get("Tags") or {}), "shown": {}}
    mapping = Resource(KIND, scope, "", uuid, env.new_id(), document)
    document["shown"] = {
        "UUID": uuid,
        "EventSourceMappingArn": stored_only.arn_of(mapping),
        "LastModified": env.clock(),
        "State": (State.CREATING if enabled else State.DISABLED).value,
        **shown,
    }
    return mapping


def _check_new(env: LambdaEnv, scope: Scope, kind: Kind, function: str, params: Mapping[str, Any]) -> None:
    """Raise 409 when the source is mapped to the function already."""
    source = params.get("EventSourceArn")
    if source is None:
        return
    for mapping in env.resources.all(KIND, scope):
        there = answer(env, mapping)
        if (there.get("EventSourceArn"), there["FunctionArn"]) == (source, function):
            raise _exists(kind, source, function, mapping.name)


def _exists(kind: Kind, source: str, function: str, uuid: str) -> Exception:
    end = f"already exists. Please update or delete the existing mapping with UUID {uuid}"
    meant = parse(function)
    name = f"{meant.name}:{meant.qualifier}" if meant.qualifier else meant.name
    if kind in (SQS, SQS_FIFO):
        # Source of the words: https://github.com/DataBiosphere/azul/issues/3399
        return faults.conflict(f'An event source mapping with SQS arn (" {source} ") and function (" {name} ") {end}')
    return faults.conflict(f'The event source arn (" {source} ") and function (" {name} ") provided mapping {end}')
