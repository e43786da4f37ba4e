"""CodeDeploy shifts an alias's traffic on the platform's clock, also for stacks: the executed version shows it."""

import json
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import RUNTIME, Server, package, start
from tests.e2e.deploy.stacks import deleted, made, settled, told

WAIT = {"Delay": 0.05, "MaxAttempts": 2000}
ROLE = "arn:aws:iam::000000000000:role/r"
CODE = "def handler(event, context):\n    return context.function_version\n"
HOOK = """
import boto3, os
def handler(event, context):
    boto3.client("codedeploy").put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"], status=os.environ["STATUS"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"])
"""
CANARY = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
ON = {"enabled": True, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]}


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server whose clock is moved by hand."""
    running = start(tmp_path_factory.mktemp("still"), "--clock", "manual")
    yield running
    running.stop()


class Shop:
    """A function of two versions behind an alias, an application and its group."""

    def __init__(self, server: Server, name: str, **group: Any) -> None:
        self.server, self.name = server, name
        self.functions, self.codedeploy = server.client("lambda"), server.client("codedeploy")
        self.make(name, CODE, publish=True)
        self.functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
        self.functions.update_function_code(FunctionName=name, ZipFile=package({"app.py": CODE + "#2\n"}))
        self.functions.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=WAIT)
        self.functions.publish_version(FunctionName=name)
        self.codedeploy.create_application(applicationName=name, computePlatform="Lambda")
        style = {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
        given = {"deploymentConfigName": CANARY, "serviceRoleArn": ROLE, "deploymentStyle": style, **group}
        self.codedeploy.create_deployment_group(applicationName=name, deploymentGroupName="g", **given)

    def make(self, name: str, code: str, publish: bool = False, **variables: str) -> None:
        self.functions.create_function(
            FunctionName=name, Role=ROLE, Handler="app.handler", Runtime=RUNTIME, Publish=publish, Timeout=20,
            Code={"ZipFile": package({"app.py": code})}, Environment={"Variables": variables},
        )  # fmt: skip
        self.functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=WAIT)

    def deploy(self, **hooks: str) -> str:
        properties = {"Name": self.name, "Alias": "live", "CurrentVersion": "1", "TargetVersion": "2"}
        said: dict[str, Any] = {"version": 0.0}
        said["Resources"] = [{"f": {"Type": "AWS::Lambda::Function", "Properties": properties}}]
        said["Hooks"] = [{name: function} for name, function in hooks.items()]
        revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": json.dumps(said)}}
        of = {"applicationName": self.name, "deploymentGroupName": "g"}
        return str(self.codedeploy.create_deployment(**of, revision=revision)["deploymentId"])

    def about(self, deployment: str) -> dict[str, Any]:
        found: dict[str, Any] = self.codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"]
        return found

    def alias(self) -> tuple[str, dict[str, float]]:
        said = self.functions.get_alias(FunctionName=self.name, Name="live")
        return said["FunctionVersion"], said.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})

    def until(self, deployment: str, status: str) -> dict[str, Any]:
        return until(lambda: self.about(deployment), lambda one: one["status"] == status)

    def events(self, deployment: str) -> dict[str, str]:
        [target] = self.codedeploy.list_deployment_targets(deploymentId=deployment)["targetIds"]
        said = self.codedeploy.get_deployment_target(deploymentId=deployment, targetId=target)
        lived = said["deploymentTarget"]["lambdaTarget"]["lifecycleEvents"]
        return {one["lifecycleEventName"]: one["status"] for one in lived}


def until(ask: Callable[[], Any], good: Callable[[Any], bool], seconds: float = 30) -> Any:
    deadline = time.monotonic() + seconds
    while not good(said := ask()):
        assert time.monotonic() < deadline, said
        time.sleep(0.02)
    return said


def advance(server: Server, seconds: float) -> None:
    """Move the clock."""
    import urllib.request

    body = json.dumps({"advance": seconds}).encode()
    with urllib.request.urlopen(
        urllib.request.Request(f"{server.endpoint}/_lambent/clock", body, method="POST")
    ) as told:
        assert told.status == 200


def test_a_canary_of_two_versions(still: Server) -> None:
    shop = Shop(still, "canary")
    deployment = shop.deploy()
    until(shop.alias, lambda one: one == ("1", {"2": 0.1}))
    shop.until(deployment, "InProgress")
    seen = Counter(shop.functions.invoke(FunctionName="canary", Qualifier="live")["ExecutedVersion"] for _ in range(60))
    assert seen["1"] > 30 and seen["1"] + seen["2"] == 60
    with pytest.raises(ClientError, match="already has an active Deployment"):
        shop.deploy()
    advance(still, 299)
    assert shop.alias() == ("1", {"2": 0.1})
    advance(still, 2)
    assert shop.until(deployment, "Succeeded")["deploymentOverview"]["Succeeded"] == 1
    assert shop.alias() == ("2", {})
    assert set(shop.events(deployment).values()) == {"Succeeded"}


def test_a_stop_and_an_alarm_bring_back_what_was(still: Server) -> None:
    cloudwatch = still.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="wrong", MetricName="Errors", Namespace="AWS/Lambda", Statistic="Sum", Period=60,
        EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore",
    )  # fmt: skip
    alarms = {"enabled": True, "alarms": [{"name": "wrong"}]}
    shop = Shop(still, "alarmed", alarmConfiguration=alarms, autoRollbackConfiguration=ON)
    first = shop.deploy()
    until(shop.alias, lambda one: one == ("1", {"2": 0.1}))
    shop.codedeploy.stop_deployment(deploymentId=first)
    back = until(lambda: shop.about(first).get("rollbackInfo", {}).get("rollbackDeploymentId"), bool)
    shop.until(back, "Succeeded")
    assert (shop.about(first)["status"], shop.about(first)["errorInformation"]["code"]) == ("Stopped", "MANUAL_STOP")
    assert shop.about(back)["creator"] == "codeDeployRollback" and shop.alias() == ("1", {})
    second = shop.deploy()
    until(shop.alias, lambda one: one == ("1", {"2": 0.1}))
    cloudwatch.set_alarm_state(AlarmName="wrong", StateValue="ALARM", StateReason="said so")
    advance(still, 20)
    assert shop.until(second, "Stopped")["errorInformation"]["code"] == "ALARM_ACTIVE"
    until(shop.alias, lambda one: one == ("1", {}))


def test_hooks_decide(still: Server) -> None:
    shop = Shop(still, "hooked", deploymentConfigName="CodeDeployDefault.LambdaAllAtOnce",
                autoRollbackConfiguration=ON)  # fmt: skip
    shop.make("hook-no", HOOK, STATUS="Failed")
    shop.make("hook-yes", HOOK, STATUS="Succeeded")
    refused = shop.deploy(BeforeAllowTraffic="hook-no")
    assert shop.until(refused, "Failed")["errorInformation"]["code"] == "HOOK_EXECUTION_FAILURE"
    assert shop.alias() == ("1", {}) and shop.events(refused)["BeforeAllowTraffic"] == "Failed"
    back = shop.until(shop.about(refused)["rollbackInfo"]["rollbackDeploymentId"], "Succeeded")
    assert back["rollbackInfo"]["rollbackTriggeringDeploymentId"] == refused
    missing = shop.deploy(AfterAllowTraffic="hook-none")
    assert "could not be called" in shop.until(missing, "Failed")["errorInformation"]["message"]
    until(shop.alias, lambda one: one == ("1", {}))
    until(lambda: shop.about(shop.about(missing)["rollbackInfo"]["rollbackDeploymentId"])["status"],
          lambda one: one == "Succeeded")  # fmt: skip
    good = shop.deploy(BeforeAllowTraffic="hook-yes", AfterAllowTraffic="hook-yes")
    shop.until(good, "Succeeded")
    assert shop.alias() == ("2", {})


@pytest.mark.parametrize(
    ("operation", "params", "code"),
    [
        ("create_application", {"applicationName": "x"}, "NotImplementedException"),
        ("get_application", {"applicationName": "none"}, "ApplicationDoesNotExistException"),
        ("get_deployment", {"deploymentId": "d-NONE"}, "DeploymentDoesNotExistException"),
        ("get_deployment_config", {"deploymentConfigName": "none"}, "DeploymentConfigDoesNotExistException"),
        ("delete_deployment_config", {"deploymentConfigName": CANARY}, "InvalidOperationException"),
        ("list_on_premises_instances", {}, "NotImplementedException"),
        (
            "create_deployment_config",
            {
                "deploymentConfigName": "c",
                "computePlatform": "Lambda",
                "trafficRoutingConfig": {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 100}},
            },
            "InvalidTrafficRoutingConfigurationException",
        ),
    ],
)
def test_what_can_t_be(still: Server, operation: str, params: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as error:
        getattr(still.client("codedeploy"), operation)(**params)
    assert error.value.response["Error"]["Code"] == code


@pytest.mark.parametrize("content", ["", "{", "[]", "Resources: []", "Resources: [{f: {Type: AWS::Lambda::Function}}]"])
def test_an_appspec_that_is_none(still: Server, content: str) -> None:
    client = still.client("codedeploy")
    if "appspecs" not in client.list_applications()["applications"]:
        client.create_application(applicationName="appspecs", computePlatform="Lambda")
        client.create_deployment_group(applicationName="appspecs", deploymentGroupName="g", serviceRoleArn=ROLE)
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}
    with pytest.raises(ClientError, match="InvalidRevisionException"):
        client.create_deployment(applicationName="appspecs", deploymentGroupName="g", revision=revision)


def test_a_killed_server_s_deployment_goes_on(tmp_path: Path) -> None:
    server = start(tmp_path)
    config = {"type": "TimeBasedLinear", "timeBasedLinear": {"linearPercentage": 50, "linearInterval": 1}}
    server.client("codedeploy").create_deployment_config(
        deploymentConfigName="half", computePlatform="Lambda", trafficRoutingConfig=config
    )
    shop = Shop(server, "killed", deploymentConfigName="half")
    deployment = shop.deploy()
    until(shop.alias, lambda one: one == ("1", {"2": 0.5}))
    server.stop(signal.SIGKILL)
    server = start(tmp_path, "--time-scale", "120")
    try:
        shop.codedeploy, shop.functions = server.client("codedeploy"), server.client("lambda")
        shop.until(deployment, "Succeeded")
        assert shop.alias() == ("2", {})
    finally:
        server.stop()


SAM = """
Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: RUNTIME
      Handler: index.handler
      AutoPublishAlias: live
      Description: "VERSION"
      InlineCode: |
        def handler(event, context):
            return "VERSION"
      DeploymentPreference:
        Type: Linear10PercentEvery1Minute
        Hooks: {PreTraffic: !Ref Pre}
  Pre:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: RUNTIME
      Handler: index.handler
      Timeout: 20
      FunctionName: CodeDeployHook_pre
      DeploymentPreference: {Enabled: false}
      Environment: {Variables: {STATUS: GOOD}}
      InlineCode: |
HOOK
Outputs: {F: {Value: !Ref F}}
""".replace("RUNTIME", RUNTIME).replace("HOOK", "".join(f"        {line}\n" for line in HOOK.strip().splitlines()))


def template(version: str, good: str = "Succeeded") -> str:
    return SAM.replace("VERSION", version).replace("GOOD", good)


def test_sam_s_deployment_preference_shifts_and_rolls_back(still: Server) -> None:
    name = made(still, "preferred", template("one"))["F"]
    functions, cloudformation = still.client("lambda"), still.client("cloudformation")

    def update(body: str) -> None:
        cloudformation.update_stack(
            StackName="preferred", TemplateBody=body, Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
        )

    def alias() -> tuple[str, dict[str, float]]:
        said = functions.get_alias(FunctionName=name, Name="live")
        return said["FunctionVersion"], said.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})

    update(template("two"))
    until(alias, lambda one: one == ("1", {"2": 0.1}))
    for _ in range(9):
        advance(still, 60)
    assert settled(still, "preferred")["StackStatus"] == "UPDATE_COMPLETE", told(still, "preferred")
    assert alias() == ("2", {})
    assert json.loads(functions.invoke(FunctionName=name, Qualifier="live")["Payload"].read()) == "two"
    update(template("three", "Failed"))
    assert settled(still, "preferred")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", told(still, "preferred")
    assert any("has not succeeded (Failed)" in reason for _, _, reason in told(still, "preferred"))
    assert alias() == ("2", {})
    deleted(still, "preferred")
