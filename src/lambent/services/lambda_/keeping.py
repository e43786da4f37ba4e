"""Putting a resource in the store, whether there is one of its key or not, and taking it away."""

from lambent.model.names import function_arn
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.store.errors import RecordChanged, RecordExists
from lambent.store.resources import Resource

ATTEMPTS = 100
"""Changes by others that may get in between."""


async def keep(env: LambdaEnv, resource: Resource) -> None:
    """Put `resource` in the place of the one that is there, or add it: the last one wins.

    Raises Fault when its function has gone, StoreError.
    """
    for _ in range(ATTEMPTS):
        there = env.resources.get(*resource.key)
        try:
            if there is None:
                await env.resources.insert(resource)
            else:
                await env.resources.replace(there, resource)
        except (RecordExists, RecordChanged):
            continue
        await _require_function(env, resource)
        return
    raise RecordChanged(resource.name)


async def _require_function(env: LambdaEnv, resource: Resource) -> None:
    """Raise 404, and keep nothing, when the function was deleted in the meantime."""
    if resource.function and env.functions.current(resource.scope, resource.function) is None:
        await drop(env, resource)
        raise faults.function_not_found(function_arn(resource.scope, resource.function))


async def drop(env: LambdaEnv, resource: Resource) -> bool:
    """Remove the resource of that key, however it has changed; False if there is none. Raises StoreError."""
    for _ in range(ATTEMPTS):
        there = env.resources.get(*resource.key)
        if there is None:
            return False
        try:
            await env.resources.delete(there)
        except RecordChanged:
            continue
        return True
    raise RecordChanged(resource.name)
