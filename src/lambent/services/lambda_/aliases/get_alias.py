"""GetAlias."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.aliases import alias
from lambent.services.lambda_.env import LambdaEnv


async def get_alias(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """One alias. Raises 404."""
    ref = alias.meant(caller.scope, params)
    found = alias.find(env, ref)
    if found is None:
        raise faults.alias_not_found(ref.arn)
    return alias.answer(found)
