"""PutRetentionPolicy."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.faults import invalid, worded

DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""


async def put_retention_policy(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Keep a group's events that many days."""
    days = params["retentionInDays"]
    if days not in DAYS:
        raise invalid(f"Invalid retention value {days}: must be one of {', '.join(map(str, DAYS))}")
    with worded():
        await env.store.set_retention(caller.scope, params["logGroupName"], days)
    return {}
