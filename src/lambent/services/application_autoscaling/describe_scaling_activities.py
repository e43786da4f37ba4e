"""DescribeScalingActivities."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.application_autoscaling.env import AutoscalingEnv
from lambent.services.application_autoscaling.targets import shown


async def describe_scaling_activities(env: AutoscalingEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """What was scaled since the server started, the newest first."""
    target = params.get("ResourceId")
    found = [one for one in env.activities(caller.scope) if target in (None, one["ResourceId"])]
    return {"ScalingActivities": [shown(one) for one in found[: params.get("MaxResults") or 50]]}
