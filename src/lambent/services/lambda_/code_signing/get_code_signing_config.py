"""GetCodeSigningConfig."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.code_signing import code_signing
from lambent.services.lambda_.env import LambdaEnv


async def get_code_signing_config(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """One config."""
    config = code_signing.require(env, caller.scope, params["CodeSigningConfigArn"])
    return {"CodeSigningConfig": code_signing.shown(config)}
