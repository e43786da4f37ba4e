"""DeleteFunctionCodeSigningConfig."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.code_signing import code_signing
from lambent.services.lambda_.concurrency import concurrency
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions import stored_only


async def delete_function_code_signing_config(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Take its config from a function; one that has none is no error. Raises 404."""
    record = concurrency.unqualified(env, caller.scope, params["FunctionName"])
    attached = env.resources.get(code_signing.ATTACHED, record.scope, record.name, "")
    if attached is not None and await env.resources.discard(attached):
        stored_only.withdraw(env, attached)
    return {}
