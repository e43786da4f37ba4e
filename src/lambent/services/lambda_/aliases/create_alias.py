"""CreateAlias."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.aliases import alias
from lambent.services.lambda_.concurrency import concurrency
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.qualifiers import ALIAS
from lambent.store.errors import RecordExists
from lambent.store.resources import Resource


async def create_alias(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Point a name to a version, or to two by weight. Raises 404, 409 for a name that is taken."""
    ref = alias.meant(caller.scope, params)
    async with env.versions_lock:
        document = alias.changed({"Description": ""}, params)
        alias.check(env, ref, document)
        made = Resource(ALIAS, ref.scope, ref.name, params["Name"], env.new_id(), document, function=ref.name)
        try:
            await env.resources.insert(made)
        except RecordExists as error:
            raise faults.conflict(f"Alias already exists: {ref.arn}") from error
    concurrency.refresh(env, ref.scope, ref.name)
    return alias.answer(made)
