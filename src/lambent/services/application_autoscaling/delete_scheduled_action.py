"""DeleteScheduledAction."""

from typing import Any

from lambent.engine.autoscaling import ACTION
from lambent.model.scope import Caller
from lambent.services.application_autoscaling import faults
from lambent.services.application_autoscaling.env import AutoscalingEnv
from lambent.services.application_autoscaling.targets import resource_id


async def delete_scheduled_action(env: AutoscalingEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Do it no more."""
    named, name = resource_id(params), params["ScheduledActionName"]
    action = env.resources.get(ACTION, caller.scope, named, name)
    if action is None:
        raise faults.not_found("scheduled action", named, f", scheduled action name: {name}")
    await env.resources.delete(action)
    return {}
