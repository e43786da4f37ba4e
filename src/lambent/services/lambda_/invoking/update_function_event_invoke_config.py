"""UpdateFunctionEventInvokeConfig."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.invoking import event_invoke_config as configs
from lambent.store.errors import RecordChanged


async def update_function_event_invoke_config(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Change what was sent; the rest stays."""
    ref = configs.meant(caller, params)
    configs.check_given(params)
    configs.require_target(env, ref)
    config = configs.find(env, ref)
    configs.check_destinations(env, ref, params)
    changed = config.changed(env.new_id(), configs.document(config.document, params, env.clock()))
    try:
        await env.resources.replace(config, changed)
    except RecordChanged as error:
        configs.find(env, ref)
        raise faults.update_in_progress(ref.arn) from error
    return configs.answer(changed)
