"""DeleteProvisionedConcurrencyConfig."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.concurrency import concurrency
from lambent.services.lambda_.concurrency.get_provisioned_concurrency_config import NOT_LATEST
from lambent.services.lambda_.concurrency.provisioned_concurrency import find, meant
from lambent.services.lambda_.env import LambdaEnv


async def delete_provisioned_concurrency_config(
    env: LambdaEnv, caller: Caller, params: dict[str, Any]
) -> dict[str, Any]:
    """Give the places back; it is no error when there is no config."""
    ref = meant(env, caller.scope, params, NOT_LATEST)
    config = find(env, ref)
    if config is not None:
        await env.resources.discard(config)
        concurrency.refresh(env, ref.scope, ref.name)
    return {}
