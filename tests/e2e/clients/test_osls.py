"""The Serverless Framework, version 3 and its open fork, unmodified: deploy, invoke, remove."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.clients.installed import from_npm, installed_by_npm
from tests.e2e.conftest import RUNTIME, Server

SERVICE = f"""
service: by-osls
provider: {{name: aws, runtime: {RUNTIME}}}
functions:
  hello:
    handler: app.handler
    events: [{{httpApi: GET /hello}}, {{sqs: {{arn: !GetAtt Q.Arn}}}}]
resources: {{Resources: {{Q: {{Type: AWS::SQS::Queue}}}}}}
"""


VERSION_3 = """
plugins: [serverless-localstack]
custom: {localstack: {stages: [dev], autostart: false}}
package: {patterns: ["!node_modules/**"]}
"""
"""What its SDK needs in order to know of AWS_ENDPOINT_URL."""


def lives_its_life(server: Server, folder: Path, program: Path, more: str = "") -> None:
    """A service is deployed, invoked and removed."""
    (folder / "serverless.yml").write_text(SERVICE + more)
    (folder / "app.py").write_text("def handler(event, context):\n    return {'said': event}\n")
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
    env = {
        **keys, "PATH": os.environ["PATH"], "HOME": str(folder), "AWS_ENDPOINT_URL": server.endpoint, "CI": "1",
        "SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off",
    }  # fmt: skip

    def run(*said: str) -> str:
        command = ["node", str(program), *said]
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=100, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("deploy")
    said = run("invoke", "-f", "hello", "-d", '{"a": 1}')
    assert json.loads(said[said.index("{") :]) == {"said": {"a": 1}}
    run("remove")
    left = server.client("lambda").list_functions()["Functions"]
    assert not [one for one in left if "by-osls" in one["FunctionName"]]


@pytest.mark.timeout(300)
@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_a_service_of_osls_lives_its_life(server: Server, tmp_path: Path) -> None:
    lives_its_life(server, tmp_path, installed_by_npm("osls@4.3.1") / "osls" / "bin" / "serverless.js")


@pytest.mark.timeout(300)
@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_a_service_of_the_framework_s_version_3_lives_its_life(server: Server, tmp_path: Path) -> None:
    packages = from_npm("serverless@3.40.0", "serverless-localstack@1.4.0") / "node_modules"
    (tmp_path / "node_modules").symlink_to(packages)
    lives_its_life(server, tmp_path, packages / "serverless" / "bin" / "serverless.js", VERSION_3)
