"""DeleteLogStream."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.faults import worded


async def delete_log_stream(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A stream and its events."""
    with worded():
        await env.store.delete_stream(caller.scope, params["logGroupName"], params["logStreamName"])
    return {}
