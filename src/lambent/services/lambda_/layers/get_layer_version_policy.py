"""GetLayerVersionPolicy."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.layers import layer_policy
from lambent.services.lambda_.policies import resource_policy


async def get_layer_version_policy(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Who may use a version besides its account."""
    ref = layer_policy.existing(env, caller, params, "GetLayerVersionPolicy")
    policy = env.resources.get(*layer_policy.place(ref).key)
    if policy is None:
        raise faults.no_policy()
    return resource_policy.answer(policy)
