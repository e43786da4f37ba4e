"""PutScalingPolicy."""

from typing import Any

from lambent.engine.autoscaling import POLICY
from lambent.model.scope import Caller
from lambent.services.application_autoscaling import faults
from lambent.services.application_autoscaling.env import AutoscalingEnv
from lambent.services.application_autoscaling.targets import DIMENSION, NAMESPACE, arn, find, stamp
from lambent.store.resources import Resource

METRIC = "LambdaProvisionedConcurrencyUtilization"


async def put_scaling_policy(env: AutoscalingEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Track a utilization. There are no alarms in CloudWatch for it: what they would say is found out here."""
    target = find(env, caller.scope, params)
    name, scope = params["PolicyName"], caller.scope
    there = env.resources.get(POLICY, scope, target.name, name)
    tracking = params.get("TargetTrackingScalingPolicyConfiguration")
    if tracking is None and there is not None:
        tracking = there.document["TargetTrackingScalingPolicyConfiguration"]
    _check(params, tracking)
    what = f"scalingPolicy:{env.new_id()}:resource/{NAMESPACE}/{target.name}:policyName/{name}"
    document = {
        "PolicyARN": there.document["PolicyARN"] if there else arn(scope, what),
        "PolicyName": name,
        "ServiceNamespace": NAMESPACE,
        "ResourceId": target.name,
        "ScalableDimension": DIMENSION,
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": tracking,
        "CreationTime": there.document["CreationTime"] if there else stamp(env),
    }
    await env.resources.put(Resource(POLICY, scope, target.name, name, env.new_id(), document))
    return {"PolicyARN": document["PolicyARN"], "Alarms": []}


def _check(params: dict[str, Any], tracking: dict[str, Any] | None) -> None:
    if params.get("PolicyType") not in (None, "TargetTrackingScaling") or tracking is None:
        # AWS scales provisioned concurrency by target tracking and on schedules alone. Wording of our own.
        raise faults.invalid("Only TargetTrackingScaling, with its configuration, is supported for lambda")
    if "CustomizedMetricSpecification" in tracking:
        raise faults.unsupported("CustomizedMetricSpecification")
    metric = tracking.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
    if metric != METRIC:
        raise faults.invalid(f"PredefinedMetricType must be {METRIC}")  # wording of our own
    if not 0 < tracking["TargetValue"] <= 1:
        raise faults.invalid("TargetValue must be greater than 0 and at most 1")  # wording of our own
