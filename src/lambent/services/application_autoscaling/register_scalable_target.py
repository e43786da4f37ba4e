"""RegisterScalableTarget."""

from typing import Any

from lambent.engine.autoscaling import TARGET, bounded
from lambent.model.scope import Caller
from lambent.services.application_autoscaling import faults
from lambent.services.application_autoscaling.env import AutoscalingEnv
from lambent.services.application_autoscaling.targets import DIMENSION, NAMESPACE, resource_id, stamp
from lambent.store.resources import Resource

_KEPT = ("MinCapacity", "MaxCapacity", "RoleARN", "SuspendedState")
_NOT_SUSPENDED = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}


async def register_scalable_target(env: AutoscalingEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Register a version or alias, or change what was registered; a capacity out of bounds is brought within them."""
    if params.get("Tags"):
        raise faults.unsupported("Tags")
    named, scope = resource_id(params), caller.scope
    capacity = env.capacity(scope, named)
    if capacity is None:
        raise faults.invalid(f"Lambda function not found: {named}")  # wording of our own
    there = env.resources.get(TARGET, scope, "", named)
    document = dict(there.document) if there is not None else _new(env, caller, named)
    document |= {member: params[member] for member in _KEPT if member in params}
    document["SuspendedState"] = _NOT_SUSPENDED | document.get("SuspendedState", {})
    _check(document)
    await env.resources.put(Resource(TARGET, scope, "", named, env.new_id(), document))
    wanted = bounded(capacity, document["MinCapacity"], document["MaxCapacity"])
    if wanted != capacity:
        await env.provision(scope, named, wanted)
    return {"ScalableTargetARN": document["ScalableTargetARN"]}


def _new(env: AutoscalingEnv, caller: Caller, named: str) -> dict[str, Any]:
    scope, short = caller.scope, env.new_id().replace("-", "")
    role = "role/aws-service-role/lambda.application-autoscaling.amazonaws.com/"
    return {
        "ServiceNamespace": NAMESPACE,
        "ResourceId": named,
        "ScalableDimension": DIMENSION,
        "RoleARN": f"arn:aws:iam::{scope.account}:{role}AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency",
        "CreationTime": stamp(env),
        "ScalableTargetARN": f"arn:aws:application-autoscaling:{scope.region}:{scope.account}:scalable-target/{short}",
    }


def _check(document: dict[str, Any]) -> None:
    low, high = document.get("MinCapacity"), document.get("MaxCapacity")
    # Wordings of our own.
    if low is None or high is None:
        raise faults.invalid("MinCapacity and MaxCapacity are required for a new scalable target")
    if not 0 <= low <= high:
        raise faults.invalid("MinCapacity must be at least 0 and not greater than MaxCapacity")
