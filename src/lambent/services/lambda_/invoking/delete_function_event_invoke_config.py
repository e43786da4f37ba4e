"""DeleteFunctionEventInvokeConfig."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.invoking import event_invoke_config as configs


async def delete_function_event_invoke_config(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Remove the config. Raises 404 when there is none."""
    await env.resources.discard(configs.find(env, configs.meant(caller, params)))
    return {}
