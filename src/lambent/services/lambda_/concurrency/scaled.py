"""The provisioned concurrency that is scaled, by the resource id of its version or alias ("function:f:live")."""

from lambent.model.scope import Caller, Scope
from lambent.services.lambda_.concurrency import concurrency
from lambent.services.lambda_.concurrency.delete_provisioned_concurrency_config import (
    delete_provisioned_concurrency_config,
)
from lambent.services.lambda_.concurrency.put_provisioned_concurrency_config import (
    put_provisioned_concurrency_config,
)
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.qualifiers import version_of


def spread(env: LambdaEnv, scope: Scope, resource_id: str) -> dict[str, int] | None:
    """How many environments are provisioned of which version; None when the version or alias is not there."""
    _, name, qualifier = resource_id.split(":")
    if version_of(env, scope, name, qualifier) is None:
        return None
    config = env.resources.get(concurrency.PROVISIONED, scope, name, qualifier)
    return {} if config is None else concurrency.shares(env, config)


def capacity(env: LambdaEnv, scope: Scope, resource_id: str) -> int | None:
    """How many in all."""
    there = spread(env, scope, resource_id)
    return None if there is None else sum(there.values())


async def provision(env: LambdaEnv, scope: Scope, resource_id: str, places: int) -> None:
    """Set how many, as a caller of the Lambda API would. Raises Fault."""
    _, name, qualifier = resource_id.split(":")
    caller, asked = Caller(scope, env.new_id()), {"FunctionName": name, "Qualifier": qualifier}
    if places:
        await put_provisioned_concurrency_config(env, caller, asked | {"ProvisionedConcurrentExecutions": places})
    else:
        await delete_provisioned_concurrency_config(env, caller, asked)
