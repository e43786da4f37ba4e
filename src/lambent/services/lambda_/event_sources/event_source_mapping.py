"""Event source mappings: how they are stored and shown, and their states.

    create ──> CREATING ──┐                    ┌──> ENABLING ──┐
                          ├─settled─> ENABLED ─┼──> UPDATING ──┼─settled─> ENABLED or DISABLED
    create, disabled ─────┴─────────> DISABLED ┴──> DISABLING ─┘
    delete ──> DELETING ──settled──> gone

Source: the recorded answers; API reference, EventSourceMappingConfiguration, State.
"""

import enum
import logging
from collections.abc import Mapping
from typing import Any

from lambent.model.scope import Scope
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import SETTLE_SECONDS, LambdaEnv
from lambent.services.lambda_.event_sources.carried_out import event_source
from lambent.services.lambda_.event_sources.event_source_checks import seconds_of
from lambent.services.lambda_.event_sources.event_source_filters import filters_of
from lambent.services.lambda_.functions import stored_only
from lambent.services.lambda_.lookup import refer
from lambent.services.lambda_.qualifiers import version_of
from lambent.store.errors import RecordChanged, StoreError
from lambent.store.resources import Resource

_log = logging.getLogger(__name__)

KIND = stored_only.MAPPING
RESULT = "LastProcessingResult"
ATTEMPTS = 100


class State(enum.StrEnum):
    """Where a mapping is in its life, in AWS's words."""

    CREATING = "Creating"
    ENABLING = "Enabling"
    ENABLED = "Enabled"
    DISABLING = "Disabling"
    DISABLED = "Disabled"
    UPDATING = "Updating"
    DELETING = "Deleting"


AT_REST = (State.ENABLED, State.DISABLED)

CHANGES = {
    (State.ENABLED, True): State.UPDATING,
    (State.ENABLED, False): State.DISABLING,
    (State.DISABLED, True): State.ENABLING,
    (State.DISABLED, False): State.UPDATING,
}
"""(state at rest, whether it shall be enabled) -> the state of the change."""

COPIED = frozenset(
    {
        "BatchSize",
        "MaximumBatchingWindowInSeconds",
        "ParallelizationFactor",
        "StartingPosition",
        "EventSourceArn",
        "MaximumRecordAgeInSeconds",
        "BisectBatchOnFunctionError",
        "MaximumRetryAttempts",
        "TumblingWindowInSeconds",
        "FunctionResponseTypes",
        "Topics",
        "Queues",
        "SourceAccessConfigurations",
        "SelfManagedEventSource",
        "DocumentDBEventSourceConfig",
    }
)
"""Settings that are shown as they were sent."""
CLEARABLE = frozenset(
    {
        "KMSKeyArn",
        "MetricsConfig",
        "LoggingConfig",
        "ScalingConfig",
        "ProvisionedPollerConfig",
        "AmazonManagedKafkaEventSourceConfig",
        "SelfManagedKafkaEventSourceConfig",
    }
)
"""Settings that an empty value takes away."""


def applied(said: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping `said` with the settings that were sent. Raises Fault for a filter that is none."""
    shown = dict(said) | {member: value for member, value in params.items() if member in COPIED}
    for member in CLEARABLE & params.keys():
        shown.pop(member, None)
        if params[member]:
            shown[member] = params[member]
    if "DestinationConfig" in params:
        failure = (params["DestinationConfig"].get("OnFailure") or {}).get("Destination")
        shown["DestinationConfig"] = {"OnFailure": {"Destination": failure} if failure else {}}
    if "FilterCriteria" in params:
        filters = filters_of(params["FilterCriteria"])
        shown.pop("FilterCriteria", None)
        if filters:
            shown["FilterCriteria"] = {"Filters": filters}
    if "StartingPositionTimestamp" in params:
        shown["StartingPositionTimestamp"] = seconds_of(params["StartingPositionTimestamp"])
    return shown


def function_meant(env: LambdaEnv, scope: Scope, name: str) -> str:
    """The ARN of the function, version or alias that a mapping invokes. Raises Fault if there is none."""
    ref = refer(scope, name)
    if version_of(env, scope, ref.name, ref.version) is None:
        raise faults.invalid("Function does not exist")
    return ref.arn


def find(env: LambdaEnv, scope: Scope, uuid: str) -> Resource:
    """The mapping of that id. Raises 404."""
    mapping = env.resources.get(KIND, scope, "", uuid)
    if mapping is None:
        raise faults.not_there()
    return mapping


def answer(env: LambdaEnv, mapping: Resource) -> dict[str, Any]:
    """EventSourceMappingConfiguration, with what came of the last batch: of streams alone, as on AWS."""
    shown: dict[str, Any] = mapping.document["shown"]
    result = env.sources.last_result(mapping.name)
    return shown | {RESULT: result} if result and RESULT in shown else shown


def state_of(mapping: Resource) -> State:
    """The state that a mapping shows."""
    return State(mapping.document["shown"]["State"])


def in_state(mapping: Resource, shown: Mapping[str, Any], state: State, revision: str) -> Resource:
    """The same mapping, `shown` as it was answered last, in another state."""
    document = mapping.document | {"shown": {**shown, "State": state.value}}
    return mapping.changed(revision, document)


async def settle(env: LambdaEnv, scope: Scope, uuid: str, delay: float = 0.0) -> None:
    """Bring a mapping to rest, or to its end, after `delay` seconds of the clock.

    What can't be written now (a full disk) is tried again.
    """
    if delay:
        await env.sleep(delay)
    for _ in range(ATTEMPTS):
        try:
            if await _settled(env, scope, uuid):
                return
        except StoreError as error:
            _log.warning("event source mapping %s is not finished yet: %s", uuid, error)
            await env.pause(SETTLE_SECONDS)


async def _settled(env: LambdaEnv, scope: Scope, uuid: str) -> bool:
    mapping = env.resources.get(KIND, scope, "", uuid)
    if mapping is None or state_of(mapping) in AT_REST:
        return True
    shown = answer(env, mapping)  # the reader that says how it went may be about to end
    await carry_out(env, mapping)
    try:
        if state_of(mapping) is State.DELETING:
            await env.resources.delete(mapping)
            await env.sources.forget(uuid)
            stored_only.withdraw(env, mapping)
        else:
            rest = State.ENABLED if mapping.document["enabled"] else State.DISABLED
            await env.resources.replace(mapping, in_state(mapping, shown, rest, env.new_id()))
    except RecordChanged:
        return False
    return True


async def carry_out(env: LambdaEnv, mapping: Resource) -> None:
    """Its source is read as it says, or no more."""
    if not mapping.document["enabled"] or state_of(mapping) is State.DELETING:
        await env.sources.remove(mapping.name)
    elif await env.sources.put(event_source(mapping)):
        stored_only.withdraw(env, mapping)
    else:
        stored_only.report(env, mapping)


def resume(env: LambdaEnv) -> None:
    """At the start: read what is enabled, finish what was under way when the last server ended."""
    for resource in env.resources:
        if resource.kind == KIND:
            at_rest = state_of(resource) in AT_REST
            env.spawn(carry_out(env, resource) if at_rest else settle(env, resource.scope, resource.name))
