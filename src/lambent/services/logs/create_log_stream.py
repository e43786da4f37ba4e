"""CreateLogStream."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.faults import worded


async def create_log_stream(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A new, empty stream in a group."""
    with worded():
        await env.store.create_stream(caller.scope, params["logGroupName"], params["logStreamName"])
    return {}
