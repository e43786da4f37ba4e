"""GetProvisionedConcurrencyConfig."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.concurrency.provisioned_concurrency import answer, find, meant
from lambent.services.lambda_.env import LambdaEnv
from lambent.wire.fault import Fault

NOT_LATEST = "The function resource provided must be an alias or a published version."


async def get_provisioned_concurrency_config(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The config of a version or alias."""
    config = find(env, meant(env, caller.scope, params, NOT_LATEST))
    if config is None:
        raise Fault(
            "ProvisionedConcurrencyConfigNotFoundException",
            "No Provisioned Concurrency Config found for this function",
            members={"Type": "User"},
        )
    return answer(env, config)
