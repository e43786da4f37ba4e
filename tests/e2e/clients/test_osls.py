"""The open fork of the Serverless Framework, unmodified: deploy, invoke, remove."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.clients.installed import installed_by_npm
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


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_a_service_of_osls_lives_its_life(server: Server, tmp_path: Path) -> None:
    program = installed_by_npm("osls@4.3.1") / "osls" / "bin" / "serverless.js"
    (tmp_path / "serverless.yml").write_text(SERVICE)
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return {'said': event}\n")
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
    env = {
        **keys, "PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_ENDPOINT_URL": server.endpoint, "CI": "1",
        "SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off",
    }  # fmt: skip

    def run(*said: str) -> str:
        command = ["node", str(program), *said]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=100, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("deploy")
    assert json.loads(run("invoke", "-f", "hello", "-d", '{"a": 1}')) == {"said": {"a": 1}}
    run("remove")
    left = server.client("lambda").list_functions()["Functions"]
    assert not [one for one in left if "by-osls" in one["FunctionName"]]
