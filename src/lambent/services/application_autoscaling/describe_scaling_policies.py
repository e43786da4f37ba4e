"""DescribeScalingPolicies."""

from typing import Any

from lambent.engine.autoscaling import POLICY
from lambent.model.scope import Caller
from lambent.services.application_autoscaling.env import AutoscalingEnv
from lambent.services.application_autoscaling.targets import page
from lambent.store.resources import Resource


async def describe_scaling_policies(env: AutoscalingEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Every policy, or those of a target, or those that are named."""
    target, named = params.get("ResourceId"), params.get("PolicyNames")

    def meant(policy: Resource) -> bool:
        return target in (None, policy.parent) and (not named or policy.name in named)

    return page(params, env.resources.all(POLICY, caller.scope), "ScalingPolicies", meant)
