"""CreateFunctionUrlConfig."""

from typing import Any

from lambent.model.names import FunctionRef
from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.urls import function_url_config as configs
from lambent.store.errors import RecordExists
from lambent.store.resources import Resource
from lambent.wire.fault import Fault


async def create_function_url_config(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Give a function or an alias its URL, which stays the same for as long as the config is there."""
    ref = configs.meant(caller, params)
    configs.check(params)
    configs.require_target(env, ref)
    now = configs.stamp(env.clock())
    document = configs.applied({}, params) | {
        "UrlId": env.new_id().replace("-", ""),
        "CreationTime": now,
        "LastModifiedTime": now,
    }
    config = Resource(configs.KIND, ref.scope, ref.name, ref.qualifier or "", env.new_id(), document, function=ref.name)
    try:
        await env.resources.insert(config)
    except RecordExists as error:
        raise _exists(ref) from error
    configs.advise(env, ref.scope, ref.name)
    return {member: value for member, value in configs.answer(env, config).items() if member != "LastModifiedTime"}


def _exists(ref: FunctionRef) -> Fault:
    return faults.conflict(
        f"Failed to create function url config for [functionArn = {ref.arn}]. "
        "Error message:  FunctionUrlConfig exists for this Lambda function"
    )
