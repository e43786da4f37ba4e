"""GetFunctionConfiguration."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions.configuration import answer
from lambent.services.lambda_.lookup import find_any, refer


async def get_function_configuration(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The configuration alone."""
    ref = refer(caller.scope, params["FunctionName"], params.get("Qualifier"))
    env.haste.looked(ref.scope, ref.name)
    return answer(find_any(env, ref), ref.qualifier)
