"""AddPermission."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.lookup import refer
from lambent.services.lambda_.policies import permission, resource_policy


async def add_permission(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Add a statement to the policy of a function, version or alias. Raises 400, 404, 409, 412."""
    ref = refer(caller.scope, params["FunctionName"], params.get("Qualifier"))
    async with env.versions_lock:
        permission.require_target(env, ref)
        statement = resource_policy.statement(
            params["StatementId"], params["Principal"], params["Action"], ref.arn, permission.condition(params)
        )
        guard = permission.guard(env, ref, params.get("RevisionId"))
        await resource_policy.add(env, permission.place(ref), statement, guard)
    return {"Statement": resource_policy.text(statement)}
