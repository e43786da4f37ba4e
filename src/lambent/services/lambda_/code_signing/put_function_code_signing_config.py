"""PutFunctionCodeSigningConfig."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_ import stored_with_function
from lambent.services.lambda_.code_signing import code_signing
from lambent.services.lambda_.concurrency import concurrency
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions import stored_only


async def put_function_code_signing_config(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Give a function a config, in the place of the one that it has. It holds from the next deployment on."""
    arn = params["CodeSigningConfigArn"]
    async with env.versions_lock:
        code_signing.require_for_function(env, caller.scope, arn)
        record = concurrency.unqualified(env, caller.scope, params["FunctionName"])
        code_signing.refuse_image(record)
        attached = code_signing.attachment(record.scope, record.name, arn, env.new_id())
        await stored_with_function.keep(env, attached)
    stored_only.report(env, attached)
    return {"CodeSigningConfigArn": arn, "FunctionName": record.name}
