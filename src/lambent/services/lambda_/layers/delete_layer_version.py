"""DeleteLayerVersion."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.layers import layer
from lambent.services.lambda_.layers.layer_policy import place
from lambent.store.errors import RecordChanged

_ATTEMPTS = 100


async def delete_layer_version(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Remove a version and its policy; one that is not there is no error.

    Functions that use it keep its package (FunctionRecord.layers), and its number is never given again.
    """
    ref = layer.refer_own(caller, params["LayerName"], "DeleteLayerVersion")
    wanted = layer.version_ref(ref, params["VersionNumber"])
    for _ in range(_ATTEMPTS):
        version = layer.current(env.resources, wanted)
        if version is None:
            return {}
        policy = env.resources.get(*place(wanted).key)
        try:
            await env.resources.write(deletes=(version, policy) if policy else (version,))
        except RecordChanged:
            continue
        return {}
    raise RecordChanged(ref.name)
