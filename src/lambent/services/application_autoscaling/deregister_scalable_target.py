"""DeregisterScalableTarget."""

from typing import Any

from lambent.engine.autoscaling import ACTION, POLICY
from lambent.model.scope import Caller
from lambent.services.application_autoscaling.env import AutoscalingEnv
from lambent.services.application_autoscaling.targets import find


async def deregister_scalable_target(env: AutoscalingEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Forget a target with its policies and scheduled actions; its capacity stays what it is."""
    target = find(env, caller.scope, params)
    with_it = [one for kind in (POLICY, ACTION) for one in env.resources.children(kind, caller.scope, target.name)]
    await env.resources.write(deletes=(target, *with_it))
    return {}
