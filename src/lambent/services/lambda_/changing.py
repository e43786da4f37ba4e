"""What the two updates share: who may change a function now, and putting the change in place."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lambent.model.function import LATEST
from lambent.model.names import function_arn
from lambent.model.scope import Caller
from lambent.services.lambda_ import faults, inert, publishing
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.lifecycle import Phase, require_changeable, show
from lambent.services.lambda_.lookup import find_latest
from lambent.services.lambda_.settling import settle
from lambent.store.errors import RecordChanged, RecordExists
from lambent.store.record import FunctionRecord
from lambent.wire.fault import Fault


def changeable(env: LambdaEnv, caller: Caller, params: Mapping[str, Any]) -> FunctionRecord:
    """The record to change. Raises 404, 409 while a change is under way, 412 for a stale RevisionId."""
    record = find_latest(env.functions, caller.scope, params["FunctionName"])
    require_changeable(record)
    if params.get("RevisionId") not in (None, record.revision):
        raise faults.stale_revision()
    return record


def updating(env: LambdaEnv, record: FunctionRecord, **changes: Any) -> FunctionRecord:
    """The record with its changes, as it is while the update is InProgress."""
    changed = replace(record, deployment=env.new_id(), **changes)
    return replace(changed, configuration=show(changed.configuration, Phase.UPDATING, env.new_id()))


async def put_change(env: LambdaEnv, old: FunctionRecord, changed: FunctionRecord) -> FunctionRecord:
    """Store a change, drop environments of the old state, finish in the background. Raises Fault."""
    await _put(env, old, changed, None)
    return changed


async def put_and_publish(env: LambdaEnv, old: FunctionRecord, changed: FunctionRecord) -> FunctionRecord:
    """The same, with a version of it; answers the version, the last one if it would be no other. Raises Fault."""
    there = publishing.last_published(env, changed)
    if there is not None:
        await _put(env, old, changed, None)
        return there
    changed, version = publishing.publish(env, changed, Phase.CREATING)
    await _put(env, old, changed, version)
    env.spawn(settle(env, version.scope, version.name, version.version))
    return version


async def _put(env: LambdaEnv, old: FunctionRecord, changed: FunctionRecord, version: FunctionRecord | None) -> None:
    try:
        await env.functions.replace(old, changed, version=version)
    except (RecordChanged, RecordExists) as error:
        raise lost(env, old) from error
    inert.tell(env, changed, old)
    env.retire(old.scope, old.name, LATEST)
    env.spawn(settle(env, old.scope, old.name))


def lost(env: LambdaEnv, record: FunctionRecord) -> Fault:
    """What to answer when somebody else changed or deleted the function in between."""
    arn = function_arn(record.scope, record.name)
    if env.functions.current(record.scope, record.name) is None:
        return faults.function_not_found(arn)
    return faults.update_in_progress(arn)
