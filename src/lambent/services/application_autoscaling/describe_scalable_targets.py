"""DescribeScalableTargets."""

from typing import Any

from lambent.engine.autoscaling import TARGET
from lambent.model.scope import Caller
from lambent.services.application_autoscaling.env import AutoscalingEnv
from lambent.services.application_autoscaling.targets import page


async def describe_scalable_targets(env: AutoscalingEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Every target, or those that are named."""
    named = params.get("ResourceIds")
    found = env.resources.all(TARGET, caller.scope)
    return page(params, found, "ScalableTargets", lambda target: not named or target.name in named)
