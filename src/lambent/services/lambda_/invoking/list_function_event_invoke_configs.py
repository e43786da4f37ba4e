"""ListFunctionEventInvokeConfigs."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.invoking import event_invoke_config as configs
from lambent.services.lambda_.paging import resource_page


async def list_function_event_invoke_configs(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The configs of a function, by version or alias."""
    ref = configs.meant(caller, params)
    configs.require_target(env, ref)
    page, more = resource_page(params, env.resources.children(configs.KIND, ref.scope, ref.name))
    return {"FunctionEventInvokeConfigs": [configs.answer(config) for config in page]} | more
