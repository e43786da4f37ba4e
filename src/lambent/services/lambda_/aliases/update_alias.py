"""UpdateAlias."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.aliases import alias
from lambent.services.lambda_.concurrency import concurrency
from lambent.services.lambda_.env import LambdaEnv


async def update_alias(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Change what was sent; the alias gets a new RevisionId. Raises 404, 412 for a stale RevisionId."""
    ref = alias.meant(caller.scope, params)
    async with env.versions_lock:
        old = alias.find(env, ref)
        if old is None:
            raise faults.not_found(f"Alias not found: {ref.arn}")
        if params.get("RevisionId") not in (None, old.revision):
            raise faults.stale_revision()
        document = alias.changed(old.document, params)
        alias.check(env, ref, document)
        new = old.changed(env.new_id(), document)
        await env.resources.replace(old, new)
    concurrency.refresh(env, ref.scope, ref.name)
    return alias.answer(new)
