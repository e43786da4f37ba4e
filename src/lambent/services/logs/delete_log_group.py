"""DeleteLogGroup."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.faults import worded


async def delete_log_group(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The group with all its streams and events. A function that logs again makes it anew."""
    with worded():
        await env.store.delete_group(caller.scope, params["logGroupName"])
    return {}
