"""GetLayerVersionByArn."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.layers import layer, layer_policy


async def get_layer_version_by_arn(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The same as GetLayerVersion, by the version's ARN."""
    ref = layer.parse_version_arn(params["Arn"])
    if ref is None or ref.layer.scope.region != caller.scope.region:
        raise faults.not_there()
    version = layer_policy.readable(env, caller, ref)
    if version is None:
        raise faults.not_there()
    return layer.answer(env, version)
