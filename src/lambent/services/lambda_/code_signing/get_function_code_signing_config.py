"""GetFunctionCodeSigningConfig."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.code_signing import code_signing
from lambent.services.lambda_.concurrency import concurrency
from lambent.services.lambda_.env import LambdaEnv


async def get_function_code_signing_config(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The config of a function; nothing at all if it has none. Raises 404."""
    record = concurrency.unqualified(env, caller.scope, params["FunctionName"])
    code_signing.refuse_image(record)
    arn = code_signing.config_of(env, record.scope, record.name)
    return {"CodeSigningConfigArn": arn, "FunctionName": record.name} if arn else {}
