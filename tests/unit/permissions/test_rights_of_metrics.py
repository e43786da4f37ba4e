"""G6: a function that sends metrics needs the right to; Lambda Insights writes logs of its own instead.

Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-insights.html (the managed policy is as moto ships it).
"""

import json
from typing import Any

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from tests.unit.permissions.test_gate import World

INSIGHTS = "CloudWatchLambdaInsightsExecutionRolePolicy"
LINES = {"logStreamName": "f", "logEvents": []}


def managed(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(aws_managed_policies_data)[name]["Document"]["Statement"]
    return found


@pytest.mark.parametrize(("namespace", "may"), [("Shop", True), ("Other", False)])
def test_metrics_are_put_into_a_namespace_that_the_role_names(namespace: str, may: bool) -> None:
    put = {"Effect": "Allow", "Action": "cloudwatch:PutMetricData", "Resource": "*"}
    world = World({**put, "Condition": {"StringEquals": {"cloudwatch:namespace": "Shop"}}}, mode="enforce")
    params = {"Namespace": namespace, "MetricData": []}
    assert world.allows(operation="PutMetricData", params=params, service="cloudwatch") is may
    assert not World(mode="enforce").allows(operation="PutMetricData", params=params, service="cloudwatch")


def test_insights_policy_is_for_its_log_group_and_for_no_metrics() -> None:
    world = World(*managed(INSIGHTS), mode="enforce")
    for group, may in (("/aws/lambda-insights", True), ("/aws/lambda/f", False)):
        assert world.allows(operation="PutLogEvents", params={"logGroupName": group, **LINES}, service="logs") is may
    assert not world.allows(
        operation="PutMetricData", params={"Namespace": "n", "MetricData": []}, service="cloudwatch"
    )
