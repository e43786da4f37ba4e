"""DeleteFunctionUrlConfig."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.urls import function_url_config as configs


async def delete_function_url_config(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Take the URL away, of the function or of one alias. Raises 404 when there is none."""
    config = configs.find(env, configs.meant(caller, params))
    await env.resources.discard(config)
    configs.advise(env, config.scope, config.parent)
    return {}
