"""UpdateEventSourceMapping."""

from collections.abc import Mapping
from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.event_sources.advice import advise
from lambent.services.lambda_.event_sources.event_source_checks import check_known, check_values
from lambent.services.lambda_.event_sources.event_source_existence import check_visibility
from lambent.services.lambda_.event_sources.event_source_kinds import SQS, SQS_FIFO, kind_of
from lambent.services.lambda_.event_sources.event_source_mapping import (
    AT_REST,
    ATTEMPTS,
    CHANGES,
    answer,
    applied,
    find,
    function_meant,
    settle,
    state_of,
)
from lambent.services.lambda_.functions.settling import delay_for
from lambent.services.lambda_.lookup import refer
from lambent.services.lambda_.qualifiers import find_qualified
from lambent.store.errors import RecordChanged
from lambent.store.resources import Resource


async def update_event_source_mapping(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Answers Updating, Enabling or Disabling; what was not sent stays."""
    await _check_queue(env, caller, params)
    for _ in range(ATTEMPTS):  # tags may be changed meanwhile
        mapping = find(env, caller.scope, params["UUID"])
        if state_of(mapping) not in AT_REST:
            break
        changed = mapping.changed(env.new_id(), _document(env, caller, mapping, params))
        try:
            await env.resources.replace(mapping, changed)
        except RecordChanged:
            continue
        env.spawn(settle(env, mapping.scope, mapping.name, delay_for(env, caller)))
        env.spawn(advise(env, caller, changed))
        return answer(env, changed)
    raise faults.in_use("Cannot update the event source mapping because it is in use.")


async def _check_queue(env: LambdaEnv, caller: Caller, params: Mapping[str, Any]) -> None:
    """As when a mapping is made: messages must not turn visible while the function still runs."""
    shown = find(env, caller.scope, params["UUID"]).document["shown"]
    if "FunctionName" in params and kind_of(shown) in (SQS, SQS_FIFO):
        function_meant(env, caller.scope, params["FunctionName"])
        function = find_qualified(env, refer(caller.scope, params["FunctionName"]))
        await check_visibility(env, shown["EventSourceArn"], function.configuration["Timeout"])


def _document(env: LambdaEnv, caller: Caller, mapping: Resource, params: Mapping[str, Any]) -> dict[str, Any]:
    before = answer(env, mapping)
    kind = kind_of(before)
    check_known(kind, params)
    shown = applied(before, params)
    check_values(kind, shown)
    if "FunctionName" in params:
        shown["FunctionArn"] = function_meant(env, caller.scope, params["FunctionName"])
    enabled = params.get("Enabled", mapping.document["enabled"])
    shown |= {"State": CHANGES[state_of(mapping), enabled].value, "LastModified": env.clock()}
    return mapping.document | {"enabled": enabled, "shown": shown}
