"""DeleteFunction."""

from typing import Any

from lambent.model.function import LATEST
from lambent.model.names import function_arn
from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.lookup import refer
from lambent.store.errors import RecordChanged

_DONE = {"StatusCode": 204}


async def delete_function(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Remove a function with its versions and tags. A version that is not there is no error."""
    ref = refer(caller.scope, params["FunctionName"], params.get("Qualifier"))
    qualifier = ref.qualifier or ""
    if qualifier and "$" not in qualifier and not qualifier.isdigit():
        raise faults.invalid("Deletion of aliases is not currently supported.")
    missing = faults.function_not_found(function_arn(ref.scope, ref.name))
    if env.functions.current(ref.scope, ref.name) is None:
        raise missing
    if qualifier == LATEST:
        raise faults.invalid("$LATEST version cannot be deleted without deleting the function.")
    if qualifier:
        return _DONE
    try:
        await env.functions.delete(ref.scope, ref.name)
    except RecordChanged as error:
        raise missing from error
    env.retire(ref.scope, ref.name)
    return _DONE
