"""What goes with a version or an alias: its settings. A function's own settings go with its record."""

from lambent.model.names import FunctionRef
from lambent.services.lambda_ import (
    concurrency,
    event_invoke_config,
    function_url_config,
    permission,
    runtime_management,
    stored_only,
)
from lambent.services.lambda_.env import LambdaEnv

_GO_ALONG = (concurrency.PROVISIONED, event_invoke_config.KIND, permission.KIND, runtime_management.KIND)


async def forget(env: LambdaEnv, ref: FunctionRef) -> None:
    """Remove the settings of a version or alias that is gone. Its function URL stays, as on AWS (recorded)."""
    for kind in _GO_ALONG:
        setting = env.resources.get(kind, ref.scope, ref.name, ref.version)
        if setting is not None:
            await env.resources.discard(setting)
            stored_only.withdraw(env, setting)
    url = env.resources.get(function_url_config.KIND, ref.scope, ref.name, ref.version)
    if url is not None:
        stored_only.report(env, url)
    concurrency.refresh(env, ref.scope, ref.name)
