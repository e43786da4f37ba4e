"""DeleteAlias."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.aliases import alias
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions.forgetting import forget
from lambent.services.lambda_.lookup import find_latest
from lambent.services.lambda_.policies import permission


async def delete_alias(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Remove an alias. One that is not there is no error; a function that is not there is."""
    ref = alias.meant(caller.scope, params)
    async with env.versions_lock:
        find_latest(env.functions, ref.scope, ref.name)
        found = alias.find(env, ref)
        if found is not None:
            policy = permission.policy_of(env, ref)
            await env.resources.write(deletes=(found, policy) if policy else (found,))
    env.withdraw(ref.arn)
    await forget(env, ref)
    return {}
