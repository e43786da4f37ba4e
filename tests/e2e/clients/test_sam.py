"""SAM CLI from PyPI, unmodified: build, deploy, invoke, list, deploy again, delete."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.clients.installed import environment, installed
from tests.e2e.conftest import RUNTIME, Server

ACCOUNT = "310000000014"
SECONDS = 400
"""Its first installation is a hundred packages."""
TEMPLATE = f"""
Transform: AWS::Serverless-2016-10-31
Resources:
  Greeter:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: {RUNTIME}
      Handler: app.handler
      CodeUri: src/
      Timeout: 30
      FunctionUrlConfig: {{AuthType: NONE}}
"""
CODE = "def handler(event, context):\n    return event['name'] + {!r}\n"


@pytest.fixture
def sam(server: Server, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    packages = installed("aws-sam-cli>=1.130,<2", seconds=SECONDS)
    env = environment(packages, server.endpoint, ACCOUNT, tmp_path_factory.mktemp("data"))
    env |= {"SAM_CLI_TELEMETRY": "0", "HOME": str(tmp_path), "PATH": f"{Path(sys.executable).parent}:{env['PATH']}"}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", "from samcli.cli.main import cli; cli(prog_name='sam')", *arguments],
            capture_output=True, text=True, timeout=100, env=env, cwd=tmp_path, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    return run


@pytest.mark.timeout(SECONDS)
def test_an_application_of_sams_lives_its_life(server: Server, sam: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "src").mkdir()
    named = ("--stack-name", "by-sam", "--region", "us-east-1")

    def deploy(greeting: str) -> str:
        (tmp_path / "src" / "app.py").write_text(CODE.format(greeting))
        sam("build")
        sam("deploy", *named, "--resolve-s3", "--no-confirm-changeset", "--capabilities", "CAPABILITY_IAM")
        said: str = json.loads(sam("remote", "invoke", "Greeter", *named, "--event", '{"name": "Ada"}'))
        return said

    assert deploy(", hello") == "Ada, hello"
    [greeter] = json.loads(sam("list", "endpoints", *named, "--output", "json"))
    assert greeter["LogicalResourceId"] == "Greeter"
    assert greeter["CloudEndpoint"].startswith("http")
    assert deploy(", bye") == "Ada, bye"
    sam("delete", "--no-prompts", *named)
    left = server.client("cloudformation").list_stacks(StackStatusFilter=["CREATE_COMPLETE", "UPDATE_COMPLETE"])
    assert "by-sam" not in [one["StackName"] for one in left["StackSummaries"]]
