"""DeleteCodeSigningConfig."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.code_signing import code_signing
from lambent.services.lambda_.env import LambdaEnv


async def delete_code_signing_config(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Remove a config that no function has. Raises 404, 409."""
    arn = params["CodeSigningConfigArn"]
    async with env.versions_lock:  # nobody attaches it meanwhile
        config = code_signing.require(env, caller.scope, arn)
        if code_signing.functions_with(env, caller.scope, arn):
            # Wording of our own: no recorded answer shows it.
            raise faults.conflict(f"The code signing configuration {arn} is used by functions.")
        await env.resources.discard(config)
    return {}
