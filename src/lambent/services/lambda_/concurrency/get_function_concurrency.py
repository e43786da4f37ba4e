"""GetFunctionConcurrency."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.concurrency import concurrency
from lambent.services.lambda_.env import LambdaEnv


async def get_function_concurrency(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """What the function has reserved; nothing when it has reserved nothing."""
    record = concurrency.unqualified(env, caller.scope, params["FunctionName"])
    reserved = concurrency.reserved(env, record.scope, record.name)
    return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}
