"""PutFunctionEventInvokeConfig."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.invoking import event_invoke_config as configs
from lambent.services.lambda_.stored_with_function import keep
from lambent.store.resources import Resource


async def put_function_event_invoke_config(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Set the config; what is not sent is unset."""
    ref = configs.meant(caller, params)
    configs.check_given(params)
    configs.require_target(env, ref)
    configs.check_destinations(env, ref, params)
    document = configs.document({}, params, env.clock())
    config = Resource(configs.KIND, ref.scope, ref.name, ref.version, env.new_id(), document, function=ref.name)
    await keep(env, config)
    return configs.answer(config)
