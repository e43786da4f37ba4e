"""RemovePermission."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.lookup import refer
from lambent.services.lambda_.policies import permission, resource_policy
from lambent.services.lambda_.qualifiers import is_alias
from lambent.wire.fault import Fault


async def remove_permission(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Take a statement out of the policy of a function, version or alias. Raises 404, 412."""
    ref = refer(caller.scope, params["FunctionName"], params.get("Qualifier"))

    def missing() -> Fault:
        return (
            faults.no_policy() if permission.exists(env, ref) else faults.not_found(f"No policy found for: {ref.arn}")
        )

    async with env.versions_lock:
        if ref.qualifier and is_alias(ref.qualifier) and not permission.exists(env, ref):
            raise faults.alias_not_found(ref.arn)
        where, guard = permission.place(ref), permission.guard(env, ref, params.get("RevisionId"))
        await resource_policy.remove(env, where, params["StatementId"], guard, missing)
    return {}
