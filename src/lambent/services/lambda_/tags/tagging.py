"""Which resource a tag operation means, and reading and changing its tags.

The tags of functions have a table of their own; those of other resources stand in their document, under `tags`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from lambent.model.names import FunctionRef
from lambent.model.scope import Scope
from lambent.services.lambda_ import faults
from lambent.services.lambda_.code_signing import code_signing
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.event_sources import event_source_mapping
from lambent.services.lambda_.lookup import find, refer
from lambent.store.errors import RecordChanged
from lambent.store.resources import Resource
from lambent.wire.fault import Fault

Tags = dict[str, str]
Change = Callable[[Tags], Mapping[str, str]]

_KINDS = {
    "event-source-mapping": event_source_mapping.KIND,
    "code-signing-config": code_signing.KIND,
}
"""What stands in an ARN -> the kind of resource in the store."""

_MISSING = {
    "event-source-mapping": "Event source mapping not found: {arn}",
    "capacity-provider": "Capacity provider not found: {arn}",
    "code-signing-config": (
        "The code signing configuration cannot be found. Check that the provided configuration is not deleted: {arn}."
    ),
    "layer": "Layer not found: {arn}",  # wording of our own
    "network-connector": "Network connector not found: {arn}",  # wording of our own
}
"""What an ARN may mean besides functions, and the text when it is not there, as what is not in `_KINDS` never is."""

ATTEMPTS = 100


def tags_of(env: LambdaEnv, scope: Scope, arn: str) -> Tags:
    """The tags of a resource, empty if it has none. Raises Fault for what is not there, or takes no tags."""
    if _kind(arn) in _MISSING:
        return dict(_resource(env, scope, arn).document.get("tags", {}))
    ref = _function(env, scope, arn)
    return env.functions.tags(ref.scope, ref.name)


async def change_tags(env: LambdaEnv, scope: Scope, arn: str, change: Change) -> None:
    """Put `change(tags)` in the place of a resource's tags. Raises Fault as `tags_of` does."""
    once = _change_resource if _kind(arn) in _MISSING else _change_function
    for _ in range(ATTEMPTS):
        try:
            await once(env, scope, arn, change)
        except RecordChanged:
            continue
        return
    raise _busy(arn)


async def _change_resource(env: LambdaEnv, scope: Scope, arn: str, change: Change) -> None:
    resource = _resource(env, scope, arn)
    tags = dict(change(dict(resource.document.get("tags", {}))))
    await env.resources.replace(resource, resource.changed(env.new_id(), resource.document | {"tags": tags}))


async def _change_function(env: LambdaEnv, scope: Scope, arn: str, change: Change) -> None:
    """As on AWS, the function gets another RevisionId."""
    ref = _function(env, scope, arn)
    record = find(env.functions, ref)
    tags = change(env.functions.tags(ref.scope, ref.name))
    configuration = record.configuration | {"RevisionId": env.new_id()}
    await env.functions.replace(record, replace(record, configuration=configuration), tags)


def _function(env: LambdaEnv, scope: Scope, arn: str) -> FunctionRef:
    ref = refer(scope, arn)
    if ref.qualifier:
        raise faults.invalid("Tags on function aliases and versions are not supported. Please specify a function ARN.")
    find(env.functions, ref)
    return ref


def _resource(env: LambdaEnv, scope: Scope, arn: str) -> Resource:
    kind = _kind(arn)
    here = arn.split(":")[3:5] == [scope.region, scope.account]
    name = arn.rpartition(":")[2].lower()
    resource = env.resources.get(_KINDS[kind], scope, "", name) if here and kind in _KINDS else None
    if resource is None:
        raise faults.not_found(_MISSING[kind].format(arn=arn))
    return resource


def _kind(arn: str) -> str:
    return arn.split(":")[5] if arn.count(":") >= 5 else ""


def _busy(arn: str) -> Fault:
    return faults.update_in_progress(arn)
