"""GetPolicy."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.lookup import refer
from lambent.services.lambda_.policies import permission, resource_policy


async def get_policy(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The policy of a function, version or alias. The 404 is the same whatever is missing."""
    policy = permission.policy_of(env, refer(caller.scope, params["FunctionName"], params.get("Qualifier")))
    if policy is None:
        raise faults.not_there()
    return resource_policy.answer(policy)
