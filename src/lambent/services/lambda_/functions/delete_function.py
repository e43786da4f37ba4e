"""DeleteFunction."""

from typing import Any

from lambent.model.function import LATEST
from lambent.model.names import FunctionRef, function_arn
from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.aliases import alias
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions import publishing, stored_settings
from lambent.services.lambda_.functions.forgetting import forget
from lambent.services.lambda_.lookup import refer
from lambent.services.lambda_.qualifiers import is_alias
from lambent.store.errors import RecordChanged

_DONE = {"StatusCode": 204}
ATTEMPTS = 100
"""Changes by others that may get in between."""


async def delete_function(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Remove a function with its versions and all that belongs to it, or one version.

    A version that is not there is no error, one that an alias leads to is (409).
    """
    ref = refer(caller.scope, params["FunctionName"], params.get("Qualifier"))
    if ref.qualifier is not None and is_alias(ref.qualifier):
        raise faults.invalid("Deletion of aliases is not currently supported.")
    if ref.qualifier == LATEST:
        raise faults.invalid("$LATEST version cannot be deleted without deleting the function.")
    async with env.versions_lock:
        if env.functions.current(ref.scope, ref.name) is None:
            raise faults.function_not_found(function_arn(ref.scope, ref.name))
        if ref.qualifier is None:
            await _delete_all(env, ref)
        else:
            await _delete_version(env, ref)
    return _DONE


async def _delete_all(env: LambdaEnv, ref: FunctionRef) -> None:
    arn = function_arn(ref.scope, ref.name)
    for _ in range(ATTEMPTS):  # a version may be published meanwhile, whose number has to be remembered
        latest = env.functions.current(ref.scope, ref.name)
        if latest is None:
            raise faults.function_not_found(arn)
        try:
            await env.functions.delete(ref.scope, ref.name, publishing.numbers_to_remember(env, latest), latest)
        except RecordChanged:
            continue
        env.retire(ref.scope, ref.name)
        env.withdraw(arn)
        env.limit_concurrency(ref.scope, ref.name, None, {})
        return
    raise faults.update_in_progress(arn)


async def _delete_version(env: LambdaEnv, ref: FunctionRef) -> None:
    aliases = alias.pointing_to(env, ref.scope, ref.name, ref.version)
    if aliases:
        # Text as publicly reported by callers of AWS.
        listed = ", ".join(aliases)
        raise faults.conflict(f"Unable to delete version because the following aliases reference it: [{listed}]")
    for _ in range(ATTEMPTS):  # a version's state may move on meanwhile
        record = env.functions.current(ref.scope, ref.name, ref.version)
        if record is None:
            return
        try:
            await env.functions.delete_version(record)
        except RecordChanged:
            continue
        env.retire(ref.scope, ref.name, ref.version)
        env.withdraw(function_arn(ref.scope, ref.name, ref.version))
        await forget(env, ref)
        latest = env.functions.current(ref.scope, ref.name)
        if latest is not None:
            stored_settings.tell(env, latest, record)
        return
    raise faults.update_in_progress(ref.arn)
