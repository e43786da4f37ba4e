"""Secrets Manager's rotation with boto3 and a function as AWS's templates have it, on a clock that is moved."""

import json
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import ROLE, RUNTIME, TIMEOUT, package, start
from tests.e2e.schedules.test_log_subscriptions_for_real import soon
from tests.e2e.schedules.test_schedules_for_real import World

ROTATE = """
import os, boto3
def handler(event, context):
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    service = boto3.client("secretsmanager", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
    known = service.describe_secret(SecretId=arn)
    if not known["RotationEnabled"]:
        raise ValueError("not enabled for rotation")
    if token not in known["VersionIdsToStages"]:
        raise ValueError("no stage for rotation")
    if step == "createSecret":
        service.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")
        try:
            service.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
        except service.exceptions.ResourceNotFoundException:
            service.put_secret_value(
                SecretId=arn, ClientRequestToken=token, SecretString=f"made {token}", VersionStages=["AWSPENDING"]
            )
    elif step == "testSecret":
        service.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
    elif step == "finishSecret":
        [current] = [one for one, stages in known["VersionIdsToStages"].items() if "AWSCURRENT" in stages]
        if current != token:
            service.update_secret_version_stage(
                SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
            )
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    running = start(tmp_path_factory.mktemp("data"), "--clock", "manual")
    yield World(running)
    assert running.stop() == 0, "".join(running.output)


def test_a_secret_is_rotated_at_once_and_by_its_rules(world: World) -> None:
    lambda_, secrets = world.client("lambda"), world.client("secretsmanager")
    function = lambda_.create_function(
        FunctionName="rotate", Runtime=RUNTIME, Handler="app.handler", Role=ROLE, Timeout=TIMEOUT,
        Code={"ZipFile": package({"app.py": ROTATE})},
    )["FunctionArn"]  # fmt: skip
    lambda_.get_waiter("function_active_v2").wait(FunctionName="rotate", WaiterConfig={"Delay": 0.05})
    arn = secrets.create_secret(Name="password", SecretString="first")["ARN"]
    lambda_.add_permission(
        FunctionName="rotate", StatementId="s", Action="lambda:InvokeFunction", Principal="secretsmanager.amazonaws.com"
    )
    rotated = secrets.rotate_secret(
        SecretId="password", RotationLambdaARN=function, RotationRules={"AutomaticallyAfterDays": 7}
    )
    token = rotated["VersionId"]
    soon(lambda: secrets.get_secret_value(SecretId="password")["SecretString"] == f"made {token}")
    soon(lambda: "LastRotatedDate" in secrets.describe_secret(SecretId=arn))
    said = secrets.describe_secret(SecretId=arn)
    assert said["RotationRules"] == {"AutomaticallyAfterDays": 7}
    assert "AWSCURRENT" in said["VersionIdsToStages"][token]
    assert secrets.get_secret_value(SecretId=arn, VersionStage="AWSPREVIOUS")["SecretString"] == "first"
    world.advance("8d")
    again = secrets.get_secret_value(SecretId="password")["SecretString"]
    assert again.startswith("made ") and again != f"made {token}"


def test_a_function_that_is_not_there(world: World) -> None:
    secrets = world.client("secretsmanager")
    secrets.create_secret(Name="lonely", SecretString=json.dumps({}))
    nobody = "arn:aws:lambda:us-east-1:000000000000:function:nobody"
    with pytest.raises(secrets.exceptions.ClientError) as caught:
        secrets.rotate_secret(SecretId="lonely", RotationLambdaARN=nobody)
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
