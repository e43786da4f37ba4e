"""DeleteScalingPolicy."""

from typing import Any

from lambent.engine.autoscaling import POLICY
from lambent.model.scope import Caller
from lambent.services.application_autoscaling import faults
from lambent.services.application_autoscaling.env import AutoscalingEnv
from lambent.services.application_autoscaling.targets import resource_id


async def delete_scaling_policy(env: AutoscalingEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Track it no more."""
    named, name = resource_id(params), params["PolicyName"]
    policy = env.resources.get(POLICY, caller.scope, named, name)
    if policy is None:
        raise faults.not_found("scaling policy", named, f", policy name: {name}")
    await env.resources.delete(policy)
    return {}
