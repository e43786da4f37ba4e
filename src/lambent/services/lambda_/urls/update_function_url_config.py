"""UpdateFunctionUrlConfig."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.urls import function_url_config as configs
from lambent.store.errors import RecordChanged


async def update_function_url_config(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Change what was sent; the rest, and the URL, stays."""
    ref = configs.meant(caller, params)
    configs.require_target(env, ref)
    config = configs.find(env, ref)
    configs.check(params)
    document = configs.applied(config.document, params) | {"LastModifiedTime": configs.stamp(env.clock())}
    changed = config.changed(env.new_id(), document)
    try:
        await env.resources.replace(config, changed)
    except RecordChanged as error:
        configs.find(env, ref)
        raise faults.update_in_progress(ref.arn) from error
    configs.advise(env, ref.scope, ref.name)
    return configs.answer(env, changed)
