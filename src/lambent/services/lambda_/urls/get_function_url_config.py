"""GetFunctionUrlConfig."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.urls import function_url_config as configs


async def get_function_url_config(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The URL of a function or alias."""
    return configs.shown(env, configs.find(env, configs.meant(caller, params)))
