"""What the two updates share: who may change a function now, and putting the change in place."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from lambent.model.function import LATEST
from lambent.model.names import function_arn
from lambent.model.scope import Caller
from lambent.services.lambda_ import faults, unawaited
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions import publishing, stored_settings
from lambent.services.lambda_.functions.lifecycle import Phase, require_changeable, show
from lambent.services.lambda_.functions.settling import delay_for, settle
from lambent.services.lambda_.lookup import find_latest
from lambent.store.errors import RecordChanged, RecordExists
from lambent.store.record import FunctionRecord
from lambent.wire.fault import Fault


def changeable(env: LambdaEnv, caller: Caller, params: Mapping[str, Any]) -> FunctionRecord:
    """The record to change. Raises 404, 409 while a change is under way, 412 for a stale RevisionId."""
    record = find_latest(env.functions, caller.scope, params["FunctionName"])
    require_changeable(record)
    unawaited.check_change(env, record)
    if params.get("RevisionId") not in (None, record.revision):
        raise faults.stale_revision()
    return record


def updating(env: LambdaEnv, record: FunctionRecord, **changes: Any) -> FunctionRecord:
    """The record with its changes, as it is while the update is InProgress."""
    changed = replace(record, deployment=env.new_id(), **changes)
    return replace(changed, configuration=show(changed.configuration, Phase.UPDATING, env.new_id()))


async def put_change(env: LambdaEnv, caller: Caller, old: FunctionRecord, changed: FunctionRecord) -> FunctionRecord:
    """Store a change and finish it in the background: until then what was before runs. Raises Fault."""
    await _put(env, old, changed, None, delay_for(env, caller))
    return changed


async def put_and_publish(
    env: LambdaEnv, caller: Caller, old: FunctionRecord, changed: FunctionRecord
) -> FunctionRecord:
    """The same, with a version of it; answers the version, the last one if it would be no other. Raises Fault."""
    there, delay = publishing.last_published(env, changed), delay_for(env, caller)
    if there is not None:
        await _put(env, old, changed, None, delay)
        return there
    changed, version = publishing.publish(env, changed, Phase.CREATING)
    await _put(env, old, changed, version, delay)
    env.spawn(settle(env, version, delay))
    return version


async def _put(
    env: LambdaEnv, old: FunctionRecord, changed: FunctionRecord, version: FunctionRecord | None, delay: float
) -> None:
    if delay:
        env.serving[changed.deployment] = old
    try:
        await env.functions.replace(old, changed, version=version)
    except (RecordChanged, RecordExists) as error:
        env.serving.pop(changed.deployment, None)
        raise lost(env, old) from error
    stored_settings.tell(env, changed, old)
    if delay:
        env.spawn(_change_over(env, old, changed, delay))
        return
    env.haste.changed(old.scope, old.name, "an update")
    env.retire(old.scope, old.name, LATEST)
    env.spawn(settle(env, changed))


async def _change_over(env: LambdaEnv, old: FunctionRecord, changed: FunctionRecord, delay: float) -> None:
    """While an update is in progress invocations go to what was before (developer guide, functions-states)."""
    with ExitStack() as stack:
        for digest in old.packages:
            stack.enter_context(env.blobs.using(digest))
        await settle(env, changed, delay)
    env.serving.pop(changed.deployment, None)
    env.retire(old.scope, old.name, LATEST)


def lost(env: LambdaEnv, record: FunctionRecord) -> Fault:
    """What to answer when somebody else changed or deleted the function in between."""
    arn = function_arn(record.scope, record.name)
    if env.functions.current(record.scope, record.name) is None:
        return faults.function_not_found(arn)
    return faults.update_in_progress(arn)
