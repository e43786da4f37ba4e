"""CreateLogGroup.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
"""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.faults import invalid, unsupported, worded

RESERVED = "aws/"


async def create_log_group(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A new, empty group; events are kept for ever until PutRetentionPolicy says otherwise."""
    if params["logGroupName"].startswith(RESERVED):
        raise invalid(f"Log group names can't start with {RESERVED}.")  # our wording
    if params.get("logGroupClass", "STANDARD") != "STANDARD":
        raise unsupported(f"logGroupClass {params['logGroupClass']}")
    for name in ("kmsKeyId", "deletionProtectionEnabled"):
        if params.get(name):
            raise unsupported(name)
    with worded():
        await env.store.create_group(caller.scope, params["logGroupName"], params.get("tags"))
    return {}
