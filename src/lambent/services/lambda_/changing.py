"""What the two updates share: who may change a function now, and putting the change in place."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lambent.model.names import function_arn
from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.lifecycle import Phase, require_changeable, show
from lambent.services.lambda_.lookup import find_latest
from lambent.services.lambda_.settling import settle
from lambent.store.errors import RecordChanged
from lambent.store.record import FunctionRecord


def changeable(env: LambdaEnv, caller: Caller, params: Mapping[str, Any]) -> FunctionRecord:
    """The record to change. Raises 404, 409 while a change is under way, 412 for a stale RevisionId."""
    record = find_latest(env.functions, caller.scope, params["FunctionName"])
    require_changeable(record)
    if params.get("RevisionId") not in (None, record.revision):
        raise faults.stale_revision()
    return record


async def put_change(
    env: LambdaEnv, record: FunctionRecord, configuration: dict[str, Any], code: str
) -> FunctionRecord:
    """Store the change as InProgress, drop environments of the old state, finish in the background."""
    changed = replace(
        record,
        code=code,
        deployment=env.new_id(),
        configuration=show(configuration, Phase.UPDATING, env.new_id()),
    )
    try:
        await env.functions.replace(record, changed)
    except RecordChanged as error:
        arn = function_arn(record.scope, record.name)
        if env.functions.current(record.scope, record.name) is None:
            raise faults.function_not_found(arn) from error
        raise faults.update_in_progress(arn) from error
    env.retire(record.scope, record.name)
    env.spawn(settle(env, record.scope, record.name))
    return changed
