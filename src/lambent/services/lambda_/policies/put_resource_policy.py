"""PutResourcePolicy."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.policies import permission, policy_document, resource_policy


async def put_resource_policy(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Put a whole policy in the place of what is there, AddPermission's statements too. Raises 400, 404, 412."""
    ref = permission.refer_arn(caller.scope, params["ResourceArn"])
    async with env.versions_lock:
        permission.require_target(env, ref)
        said = policy_document.parse(params["Policy"], ref.arn)
        guard = permission.guard(env, ref, params.get("RevisionId"))
        policy = await resource_policy.put(env, permission.place(ref), said, guard)
    return resource_policy.answer(policy)
