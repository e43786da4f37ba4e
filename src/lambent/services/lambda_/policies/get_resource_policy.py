"""GetResourcePolicy."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.policies import permission, resource_policy


async def get_resource_policy(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The same as GetPolicy, by ARN."""
    policy = permission.policy_of(env, permission.refer_arn(caller.scope, params["ResourceArn"]))
    if policy is None:
        raise faults.not_there()
    return resource_policy.answer(policy)
