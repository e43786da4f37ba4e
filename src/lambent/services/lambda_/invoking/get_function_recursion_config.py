"""GetFunctionRecursionConfig."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.invoking import recursion


async def get_function_recursion_config(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Whether loops are stopped."""
    record = recursion.meant(env, caller, params["FunctionName"])
    config = env.resources.get(recursion.KIND, record.scope, record.name, "")
    return {"RecursiveLoop": config.document["RecursiveLoop"] if config is not None else recursion.DEFAULT}
