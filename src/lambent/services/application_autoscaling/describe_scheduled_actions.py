"""DescribeScheduledActions."""

from typing import Any

from lambent.engine.autoscaling import ACTION
from lambent.model.scope import Caller
from lambent.services.application_autoscaling.env import AutoscalingEnv
from lambent.services.application_autoscaling.targets import page
from lambent.store.resources import Resource


async def describe_scheduled_actions(env: AutoscalingEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Every scheduled action, or those of a target, or those that are named."""
    target, named = params.get("ResourceId"), params.get("ScheduledActionNames")

    def meant(action: Resource) -> bool:
        return target in (None, action.parent) and (not named or action.name in named)

    return page(params, env.resources.all(ACTION, caller.scope), "ScheduledActions", meant)
