"""GetFunctionEventInvokeConfig."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.invoking import event_invoke_config as configs


async def get_function_event_invoke_config(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The config of a function, version or alias."""
    return configs.answer(configs.find(env, configs.meant(caller, params)))
