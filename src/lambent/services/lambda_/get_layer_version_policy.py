"""GetLayerVersionPolicy."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_ import faults, layer, layer_policy, resource_policy
from lambent.services.lambda_.env import LambdaEnv


async def get_layer_version_policy(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Who may use a version besides its account."""
    own = layer.refer_own(caller, params["LayerName"], "GetLayerVersionPolicy")
    ref = layer.version_ref(own, params["VersionNumber"])
    if layer.current(env.resources, ref) is None:
        raise faults.not_there()
    policy = env.resources.get(*layer_policy.place(ref).key)
    if policy is None:
        raise faults.no_policy()
    return resource_policy.answer(policy)
