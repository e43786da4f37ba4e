"""Which resource a tag operation means, and changing its tags."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from lambent.model.names import FunctionRef, function_arn
from lambent.model.scope import Scope
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.lookup import find, refer
from lambent.store.errors import RecordChanged
from lambent.wire.fault import Fault

_NOT_HERE = {
    "event-source-mapping": "Event source mapping not found: {arn}",
    "capacity-provider": "Capacity provider not found: {arn}",
    "code-signing-config": (
        "The code signing configuration cannot be found. Check that the provided configuration is not deleted: {arn}."
    ),
    "layer": "Layer not found: {arn}",  # wording of our own
}
"""Taggable things that Lambent does not hold: none of them exists."""

ATTEMPTS = 100


def tagged(env: LambdaEnv, scope: Scope, arn: str) -> FunctionRef:
    """The function that an ARN means. Raises Fault for a version, and for what is not there."""
    kind = arn.split(":")[5] if arn.count(":") >= 5 else ""
    if kind in _NOT_HERE:
        raise faults.not_found(_NOT_HERE[kind].format(arn=arn))
    ref = refer(scope, arn)
    if ref.qualifier:
        raise faults.invalid("Tags on function aliases and versions are not supported. Please specify a function ARN.")
    find(env.functions, ref)
    return ref


async def change_tags(env: LambdaEnv, ref: FunctionRef, change: Callable[[dict[str, str]], Mapping[str, str]]) -> None:
    """Put `change(tags)` in the place of the tags, under a new RevisionId, as AWS does. Raises Fault."""
    for _ in range(ATTEMPTS):
        record = find(env.functions, ref)
        tags = change(env.functions.tags(ref.scope, ref.name))
        configuration = record.configuration | {"RevisionId": env.new_id()}
        try:
            await env.functions.replace(record, replace(record, configuration=configuration), tags)
        except RecordChanged:
            continue
        return
    raise _busy(ref)


def _busy(ref: FunctionRef) -> Fault:
    return faults.update_in_progress(function_arn(ref.scope, ref.name))
