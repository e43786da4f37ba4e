"""GetLayerVersion."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.layers import layer, layer_policy


async def get_layer_version(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A version of a layer, of this account or of one that allows it, with a link to its package."""
    ref = layer.version_ref(layer.refer(caller, params["LayerName"]), params["VersionNumber"])
    version = layer_policy.readable(env, caller, ref)
    if version is None:
        raise faults.not_there()
    return layer.answer(env, version)
