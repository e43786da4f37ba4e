"""The operations answered here, for the namespace lambda."""

from collections.abc import Awaitable, Callable
from typing import Any

from lambent.model.scope import Caller
from lambent.services.application_autoscaling.delete_scaling_policy import delete_scaling_policy
from lambent.services.application_autoscaling.delete_scheduled_action import delete_scheduled_action
from lambent.services.application_autoscaling.deregister_scalable_target import deregister_scalable_target
from lambent.services.application_autoscaling.describe_scalable_targets import describe_scalable_targets
from lambent.services.application_autoscaling.describe_scaling_activities import describe_scaling_activities
from lambent.services.application_autoscaling.describe_scaling_policies import describe_scaling_policies
from lambent.services.application_autoscaling.describe_scheduled_actions import describe_scheduled_actions
from lambent.services.application_autoscaling.env import AutoscalingEnv
from lambent.services.application_autoscaling.put_scaling_policy import put_scaling_policy
from lambent.services.application_autoscaling.put_scheduled_action import put_scheduled_action
from lambent.services.application_autoscaling.register_scalable_target import register_scalable_target

Operation = Callable[[AutoscalingEnv, Caller, dict[str, Any]], Awaitable[dict[str, Any]]]

OPERATIONS: dict[str, Operation] = {
    "DeleteScalingPolicy": delete_scaling_policy,
    "DeleteScheduledAction": delete_scheduled_action,
    "DeregisterScalableTarget": deregister_scalable_target,
    "DescribeScalableTargets": describe_scalable_targets,
    "DescribeScalingActivities": describe_scaling_activities,
    "DescribeScalingPolicies": describe_scaling_policies,
    "DescribeScheduledActions": describe_scheduled_actions,
    "PutScalingPolicy": put_scaling_policy,
    "PutScheduledAction": put_scheduled_action,
    "RegisterScalableTarget": register_scalable_target,
}
