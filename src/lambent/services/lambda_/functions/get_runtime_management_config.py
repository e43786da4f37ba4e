"""GetRuntimeManagementConfig."""

from typing import Any

from lambent.model.names import function_arn
from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions import runtime_management


async def get_runtime_management_config(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """When a version's runtime is updated."""
    record = runtime_management.meant(env, caller, params)
    config = env.resources.get(runtime_management.KIND, record.scope, record.name, record.version)
    document = config.document if config is not None else runtime_management.DEFAULT
    return {"FunctionArn": function_arn(record.scope, record.name, record.version)} | document
