"""DeleteFunctionConcurrency."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.concurrency import concurrency
from lambent.services.lambda_.env import LambdaEnv


async def delete_function_concurrency(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Give the reservation back; it is no error when there is none."""
    record = concurrency.unqualified(env, caller.scope, params["FunctionName"])
    reservation = env.resources.get(concurrency.RESERVED, record.scope, "", record.name)
    if reservation is not None:
        await env.resources.discard(reservation)
        concurrency.refresh(env, record.scope, record.name)
    return {}
