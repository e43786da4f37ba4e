"""DeleteRetentionPolicy."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.faults import worded


async def delete_retention_policy(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Keep a group's events for ever."""
    with worded():
        await env.store.set_retention(caller.scope, params["logGroupName"], None)
    return {}
