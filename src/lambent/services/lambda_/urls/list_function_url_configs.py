"""ListFunctionUrlConfigs."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.paging import resource_page
from lambent.services.lambda_.urls import function_url_config as configs


async def list_function_url_configs(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The URLs of a function and its aliases."""
    ref = configs.meant(caller, params)
    configs.require_target(env, ref)
    page, more = resource_page(params, env.resources.children(configs.KIND, ref.scope, ref.name))
    return {"FunctionUrlConfigs": [configs.shown(env, config) for config in page]} | more
