"""Putting what belongs to a function in the store, unless the function goes meanwhile."""

from lambent.model.names import function_arn
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.store.resources import Resource


async def keep(env: LambdaEnv, resource: Resource) -> None:
    """Put `resource` in the place of the one that is there, or add it: the last one wins.

    Raises Fault when its function has gone, and keeps nothing then; StoreError.
    """
    await env.resources.put(resource)
    if resource.function and env.functions.current(resource.scope, resource.function) is None:
        await env.resources.discard(resource)
        raise faults.function_not_found(function_arn(resource.scope, resource.function))
