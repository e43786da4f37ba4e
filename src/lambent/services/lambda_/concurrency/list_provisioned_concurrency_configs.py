"""ListProvisionedConcurrencyConfigs."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.concurrency import concurrency
from lambent.services.lambda_.concurrency.provisioned_concurrency import answer
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions import stored_only
from lambent.services.lambda_.lookup import find, refer
from lambent.services.lambda_.paging import resource_page


async def list_provisioned_concurrency_configs(
    env: LambdaEnv, caller: Caller, params: dict[str, Any]
) -> dict[str, Any]:
    """Every config of a function, by version or alias."""
    record = find(env.functions, refer(caller.scope, params["FunctionName"]))
    configs, more = resource_page(params, concurrency.provisioned(env, record.scope, record.name))
    return {
        "ProvisionedConcurrencyConfigs": [
            {"FunctionArn": stored_only.arn_of(config)} | answer(env, config) for config in configs
        ]
    } | more
