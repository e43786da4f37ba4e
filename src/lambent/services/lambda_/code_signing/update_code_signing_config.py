"""UpdateCodeSigningConfig."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.code_signing import code_signing
from lambent.services.lambda_.env import LambdaEnv
from lambent.store.errors import RecordChanged

_ATTEMPTS = 100


async def update_code_signing_config(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Change what was sent; it holds for the next deployment of each function that has the config."""
    arn = params["CodeSigningConfigArn"]
    for _ in range(_ATTEMPTS):
        config = code_signing.require(env, caller.scope, arn)
        said = code_signing.applied(code_signing.shown(config), params, env.clock())
        changed = config.changed(env.new_id(), config.document | {"shown": said})
        try:
            await env.resources.replace(config, changed)
        except RecordChanged:
            continue
        return {"CodeSigningConfig": said}
    raise RecordChanged(arn)
