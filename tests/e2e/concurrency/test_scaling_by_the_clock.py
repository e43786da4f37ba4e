"""Application Auto Scaling of provisioned concurrency, on a clock that is moved by hand."""

import json
import threading
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.concurrency.test_provisioned_environments import TELLS, allocated, counts
from tests.e2e.conftest import ROLE, RUNTIME, Server, package

WHAT = {"ServiceNamespace": "lambda", "ScalableDimension": "lambda:function:ProvisionedConcurrency"}
MINE = {**WHAT, "ResourceId": "function:f:1"}


def advance(server: Server, seconds: float) -> Any:
    """Move the server's clock."""
    body = json.dumps({"advance": seconds}).encode()
    request = urllib.request.Request(f"{server.endpoint}/_lambent/clock", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


@pytest.fixture
def manual(own_server: Callable[..., Server]) -> Server:
    """A server whose clock stands still, with version 1 of a function."""
    server = own_server("--clock", "manual")
    client = server.client("lambda")
    code = {"ZipFile": package({"app.py": TELLS})}
    client.create_function(FunctionName="f", Runtime=RUNTIME, Handler="app.handler", Role=ROLE, Code=code, Timeout=20)
    client.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 0.05, "MaxAttempts": 2000})
    client.publish_version(FunctionName="f")
    return server


def busy(server: Server, at_once: int) -> None:
    """Invoke that many times at once, and wait for the answers."""
    together = threading.Barrier(at_once)

    def one() -> None:
        client = server.client("lambda")
        together.wait()
        client.invoke(FunctionName="f", Qualifier="1", Payload=b'{"seconds": 0.4}')

    with ThreadPoolExecutor(at_once) as pool:
        for future in [pool.submit(one) for _ in range(at_once)]:
            future.result()


def test_a_policy_follows_utilization(manual: Server) -> None:
    scaling, client = manual.client("application-autoscaling"), manual.client("lambda")
    scaling.register_scalable_target(**MINE, MinCapacity=1, MaxCapacity=3)
    assert counts(allocated(client, "f", "1")) == (1, 1, 1, "READY")
    config = {
        "TargetValue": 0.7,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"},
    }
    policy = {"PolicyName": "p", "PolicyType": "TargetTrackingScaling"}
    made = scaling.put_scaling_policy(**MINE, **policy, TargetTrackingScalingPolicyConfiguration=config)
    assert made["PolicyARN"].endswith(":resource/lambda/function:f:1:policyName/p")
    for _ in range(3):
        busy(manual, 1)
        advance(manual, 60)
    assert counts(allocated(client, "f", "1"))[0] == 2
    activity = scaling.describe_scaling_activities(**WHAT)["ScalingActivities"][0]
    assert (activity["StatusCode"], activity["ResourceId"]) == ("Successful", "function:f:1")
    assert (activity["EndTime"] - activity["StartTime"]).total_seconds() == 0
    advance(manual, 3600)  # nobody invokes it: no utilization, no scale-in
    assert counts(allocated(client, "f", "1"))[0] == 2
    described = scaling.describe_scaling_policies(ServiceNamespace="lambda")["ScalingPolicies"]
    assert [one["TargetTrackingScalingPolicyConfiguration"] for one in described] == [config]
    scaling.delete_scaling_policy(**MINE, PolicyName="p")
    assert scaling.describe_scaling_policies(ServiceNamespace="lambda")["ScalingPolicies"] == []


def test_capacity_on_a_schedule(manual: Server) -> None:
    scaling, client = manual.client("application-autoscaling"), manual.client("lambda")
    scaling.register_scalable_target(**MINE, MinCapacity=0, MaxCapacity=0)
    now = datetime.fromtimestamp(manual.page("clock")["seconds"], UTC)
    soon, later = now + timedelta(hours=1), now + timedelta(hours=2)
    for name, schedule, capacity in (
        ("up", f"at({soon:%Y-%m-%dT%H:%M:%S})", 2),
        ("down", f"cron({later.minute} {later.hour} * * ? *)", 1),
    ):
        action = {"MinCapacity": capacity, "MaxCapacity": capacity}
        scaling.put_scheduled_action(**MINE, ScheduledActionName=name, Schedule=schedule, ScalableTargetAction=action)
    advance(manual, 3500)
    with pytest.raises(client.exceptions.ProvisionedConcurrencyConfigNotFoundException):
        client.get_provisioned_concurrency_config(FunctionName="f", Qualifier="1")
    advance(manual, 200)
    assert counts(allocated(client, "f", "1")) == (2, 2, 2, "READY")
    advance(manual, 3600)
    assert counts(allocated(client, "f", "1")) == (1, 1, 1, "READY")
    target = scaling.describe_scalable_targets(ServiceNamespace="lambda")["ScalableTargets"][0]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 1)
    causes = [
        one["Cause"] for one in scaling.describe_scaling_activities(ServiceNamespace="lambda")["ScalingActivities"]
    ]
    assert causes == ["scheduled action name down was triggered", "scheduled action name up was triggered"]
    scaling.delete_scheduled_action(**MINE, ScheduledActionName="up")
    left = scaling.describe_scheduled_actions(ServiceNamespace="lambda")["ScheduledActions"]
    assert [one["ScheduledActionName"] for one in left] == ["down"]
    scaling.deregister_scalable_target(**MINE)
    assert scaling.describe_scheduled_actions(ServiceNamespace="lambda")["ScheduledActions"] == []


def test_what_is_refused_and_what_is_the_neighbour_s(manual: Server) -> None:
    scaling = manual.client("application-autoscaling")
    bounds = {"MinCapacity": 1, "MaxCapacity": 2}

    def refused(call: Callable[..., Any], **asked: Any) -> str:
        with pytest.raises(ClientError) as caught:
            call(**asked)
        return str(caught.value.response["Error"]["Code"])

    register, act = scaling.register_scalable_target, scaling.put_scheduled_action
    assert refused(register, **{**MINE, "ResourceId": "function:f"}, **bounds) == "ValidationException"
    assert refused(register, **{**MINE, "ResourceId": "function:g:1"}, **bounds) == "ValidationException"
    assert refused(register, **MINE) == "ValidationException"
    action = {"ScheduledActionName": "a", "Schedule": "rate(1 minute)", "ScalableTargetAction": bounds}
    assert refused(act, **MINE, **action) == "ObjectNotFoundException"
    register(**MINE, **bounds)
    assert refused(act, **MINE, **{**action, "Schedule": "cron(* * * * * *)"}) == "ValidationException"
    assert refused(act, **MINE, **action, Timezone="Mars/Olympus") == "ValidationException"
    steps = {"PolicyName": "p", "PolicyType": "StepScaling", "StepScalingPolicyConfiguration": {}}
    assert refused(scaling.put_scaling_policy, **MINE, **steps) == "ValidationException"
    table = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": "table/t",
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
    }
    manual.client("dynamodb").create_table(
        TableName="t",
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    )
    register(**table, **bounds)
    theirs = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    assert [one["ResourceId"] for one in theirs] == ["table/t"]
    ours = scaling.describe_scalable_targets(ServiceNamespace="lambda")["ScalableTargets"]
    assert [one["ResourceId"] for one in ours] == ["function:f:1"]
