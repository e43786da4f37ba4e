"""RemoveLayerVersionPermission."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.layers import layer_policy
from lambent.services.lambda_.policies import resource_policy


async def remove_layer_version_permission(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Take one permission back. Functions that use the version already keep it."""
    ref = layer_policy.existing(env, caller, params, "RemoveLayerVersionPermission")
    guard = layer_policy.guard(params.get("RevisionId"))
    where = layer_policy.place(ref)
    await resource_policy.remove(env, where, params["StatementId"], guard, missing=faults.no_policy)
    return {}
