"""DeleteLogGroup."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.faults import worded
from lambent.services.logs.metric_filters import forget_filters
from lambent.services.logs.subscription_filters import forget_group


async def delete_log_group(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The group with all its streams and events. A function that logs again makes it anew."""
    with worded():
        await env.store.delete_group(caller.scope, params["logGroupName"])
    await forget_filters(env, caller.scope, params["logGroupName"])
    await forget_group(env, caller.scope, params["logGroupName"])
    return {}
