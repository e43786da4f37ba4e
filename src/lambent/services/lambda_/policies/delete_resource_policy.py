"""DeleteResourcePolicy."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.policies import permission, resource_policy


async def delete_resource_policy(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Remove the whole policy of a function, version or alias. Raises 404, 412."""
    ref = permission.refer_arn(caller.scope, params["ResourceArn"])
    async with env.versions_lock:
        if permission.policy_of(env, ref) is None:
            raise faults.not_there()
        guard = permission.guard(env, ref, params.get("RevisionId"))
        await resource_policy.delete(env, permission.place(ref), guard)
    return {}
