"""What goes with a version or an alias: its settings. A function's own settings go with its record."""

from lambent.model.names import FunctionRef
from lambent.services.lambda_.concurrency import concurrency
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions import runtime_management, stored_only
from lambent.services.lambda_.invoking import event_invoke_config
from lambent.services.lambda_.policies import permission
from lambent.services.lambda_.urls import function_url_config

_GO_ALONG = (concurrency.PROVISIONED, event_invoke_config.KIND, permission.KIND, runtime_management.KIND)


async def forget(env: LambdaEnv, ref: FunctionRef) -> None:
    """Remove the settings of a version or alias that is gone. Its function URL stays, as on AWS (recorded)."""
    for kind in _GO_ALONG:
        setting = env.resources.get(kind, ref.scope, ref.name, ref.version)
        if setting is not None:
            await env.resources.discard(setting)
            stored_only.withdraw(env, setting)
    function_url_config.miss(env, ref)
    concurrency.refresh(env, ref.scope, ref.name)
