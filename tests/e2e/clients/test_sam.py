"""SAM's command line from PyPI, unmodified: build, deploy (guided and not), remote invoke, list, sync, logs, delete."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.clients.installed import program
from tests.e2e.conftest import RUNTIME, Server

TEMPLATE = f"""
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Parameters: {{Stage: {{Type: String, Default: none}}}}
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code/
      Handler: app.handler
      Runtime: {RUNTIME}
      Timeout: 20
      Environment: {{Variables: {{STAGE: !Ref Stage}}}}
      Events:
        Web: {{Type: HttpApi, Properties: {{Path: /hello, Method: get}}}}
        Work: {{Type: SQS, Properties: {{Queue: !GetAtt Q.Arn}}}}
  Q: {{Type: AWS::SQS::Queue, Properties: {{VisibilityTimeout: 60}}}}
Outputs: {{Queue: {{Value: !Ref Q}}}}
"""
GUIDED = ["by-sam", "us-east-1", "dev", "n", "y", "n", "y", "y", "", ""]
"""Name, region, Stage, confirm changes, make roles, keep what failed, Hello is open, save, file, environment."""

Sam = Callable[..., str]


def code(folder: Path, answer: str) -> None:
    (folder / "app.py").write_text(
        "import os\n\n\ndef handler(event, context):\n    print('it was asked')\n"
        f"    return {{'statusCode': 200, 'body': {answer!r} + os.environ['STAGE']}}\n"
    )


@pytest.fixture
def sam(server: Server, tmp_path: Path) -> Sam:
    place = tmp_path / "project"
    (place / "code").mkdir(parents=True)
    (place / "template.yaml").write_text(TEMPLATE)
    (place / "code" / "requirements.txt").write_text("")
    command = str(program("aws-sam-cli>=1.139,<2", "sam"))
    env = {
        "PATH": f"{Path(command).parent}:{os.environ['PATH']}", "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": server.endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.1", "AWS_DEFAULT_REGION": "us-east-1",
    }  # fmt: skip

    def run(*said: str, given: str | None = None) -> str:
        done = subprocess.run(
            [command, *said], cwd=place, env=env, capture_output=True, text=True, timeout=100, check=False, input=given
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.mark.timeout(600)
def test_an_application_of_sams_lives_its_life(server: Server, sam: Sam, tmp_path: Path) -> None:
    where, named = tmp_path / "project" / "code", ("--stack-name", "by-sam")

    def answer() -> Any:
        return json.loads(sam("remote", "invoke", "Hello", *named, "--event", "{}"))["body"]

    code(where, "one-")
    sam("build")
    sam("deploy", "--guided", given="\n".join([*GUIDED, ""]))
    assert answer() == "one-dev"
    resources = json.loads(sam("list", "resources", *named, "--output", "json"))
    assert {"Hello", "HelloWork", "Q", "ServerlessHttpApi"} <= {one["LogicalResourceId"] for one in resources}
    assert json.loads(sam("list", "stack-outputs", *named, "--output", "json"))[0]["OutputKey"] == "Queue"
    endpoints = {one["LogicalResourceId"]: one for one in json.loads(sam("list", "endpoints", *named, "--output=json"))}
    assert endpoints["ServerlessHttpApi"]["Methods"] == ["/hello['get']"]
    code(where, "two-")
    sam("sync", *named, "--code", "--no-dependency-layer", "--no-watch", given="y\n")
    assert answer() == "two-dev"
    code(where, "three-")
    sam("build")
    sam("deploy", "--parameter-overrides", "Stage=prod")
    assert answer() == "three-prod"
    assert "it was asked" in sam("logs", *named, "--name", "Hello")
    queue = json.loads(sam("list", "stack-outputs", *named, "--output", "json"))[0]["OutputValue"]
    sam("delete", "--no-prompts")
    with pytest.raises(ClientError, match="does not exist"):
        server.client("cloudformation").describe_stacks(StackName="by-sam")
    with pytest.raises(ClientError, match="does not exist"):
        server.client("sqs").get_queue_attributes(QueueUrl=queue)
    left = server.client("lambda").list_functions()["Functions"]
    assert not [one for one in left if "by-sam" in one["FunctionName"]]
