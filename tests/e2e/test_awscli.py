"""The AWS CLI, unmodified, does every operation."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import RUNTIME, Server, package

ROLE = "arn:aws:iam::111122223333:role/r"
AWS = Path(sys.executable).with_name("aws")


def aws(server: Server, *arguments: str, fails: bool = False) -> Any:
    """Run the CLI; its JSON, or with `fails` what it says on stderr."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "AWS_ENDPOINT_URL": server.endpoint,
        "AWS_ACCESS_KEY_ID": "111122223333",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_PAGER": "",
    }
    done = subprocess.run(
        [str(AWS), *arguments], capture_output=True, text=True, timeout=60, env=environment, check=False
    )
    if fails:
        assert done.returncode != 0, done.stdout
        return done.stderr
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


@pytest.fixture
def zipped(tmp_path: Path) -> str:
    path = tmp_path / "code.zip"
    path.write_bytes(package({"app.py": "def handler(event, context):\n    print('hello')\n    return event\n"}))
    return f"fileb://{path}"


def test_a_function_lives_its_life(server: Server, zipped: str, tmp_path: Path) -> None:
    name = "cli-life"
    arn = f"arn:aws:lambda:eu-west-1:111122223333:function:{name}"
    create = ("lambda", "create-function", "--function-name", name, "--runtime", RUNTIME, "--role", ROLE)
    made = aws(server, *create, "--handler", "app.handler", "--zip-file", zipped, "--tags", "team=blue")
    assert made["FunctionArn"] == arn
    assert made["State"] == "Pending"
    aws(server, "lambda", "wait", "function-active-v2", "--function-name", name)
    assert aws(server, "lambda", "get-function", "--function-name", arn)["Tags"] == {"team": "blue"}
    configuration = aws(server, "lambda", "get-function-configuration", "--function-name", name)
    assert (configuration["Timeout"], configuration["MemorySize"]) == (3, 128)
    assert [one["FunctionName"] for one in aws(server, "lambda", "list-functions")["Functions"]] == [name]
    out = tmp_path / "out"
    invoked = aws(
        server, "lambda", "invoke", "--function-name", name, "--payload", '{"a": 1}', "--log-type", "Tail", str(out)
    )
    assert invoked["StatusCode"] == 200
    assert json.loads(out.read_text()) == {"a": 1}
    aws(server, "lambda", "update-function-configuration", "--function-name", name, "--timeout", "9")
    aws(server, "lambda", "wait", "function-updated-v2", "--function-name", name)
    aws(server, "lambda", "update-function-code", "--function-name", name, "--zip-file", zipped)
    aws(server, "lambda", "wait", "function-updated-v2", "--function-name", name)
    aws(server, "lambda", "tag-resource", "--resource", arn, "--tags", "stage=dev")
    assert aws(server, "lambda", "list-tags", "--resource", arn)["Tags"] == {"team": "blue", "stage": "dev"}
    aws(server, "lambda", "untag-resource", "--resource", arn, "--tag-keys", "team")
    assert aws(server, "lambda", "list-tags", "--resource", arn)["Tags"] == {"stage": "dev"}
    assert aws(server, "lambda", "get-account-settings")["AccountUsage"]["FunctionCount"] == 1
    streams = aws(server, "logs", "describe-log-streams", "--log-group-name", f"/aws/lambda/{name}")["logStreams"]
    events = aws(
        server, "logs", "get-log-events", "--log-group-name", f"/aws/lambda/{name}",
        "--log-stream-name", streams[0]["logStreamName"], "--start-from-head",
    )["events"]  # fmt: skip
    kinds = [event["message"].split()[0] for event in events]
    assert kinds == ["INIT_START", "START", "hello", "END", "REPORT"]
    aws(server, "lambda", "delete-function", "--function-name", name)
    said = aws(server, "lambda", "get-function", "--function-name", name, fails=True)
    assert f"Function not found: {arn}" in said


def test_code_comes_from_a_bucket(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "code.zip"
    path.write_bytes(package({"app.py": "def handler(event, context):\n    return 'from s3'\n"}))
    aws(server, "s3api", "create-bucket", "--bucket", "packages", "--create-bucket-configuration",
        "LocationConstraint=eu-west-1")  # fmt: skip
    aws(server, "s3api", "put-object", "--bucket", "packages", "--key", "a b/code.zip", "--body", str(path))
    create = ("lambda", "create-function", "--function-name", "cli-s3", "--runtime", RUNTIME, "--role", ROLE)
    aws(server, *create, "--handler", "app.handler", "--code", "S3Bucket=packages,S3Key=a b/code.zip")
    aws(server, "lambda", "wait", "function-active-v2", "--function-name", "cli-s3")
    out = tmp_path / "out"
    aws(server, "lambda", "invoke", "--function-name", "cli-s3", str(out))
    assert json.loads(out.read_text()) == "from s3"
    said = aws(server, *(part.replace("cli-s3", "cli-s3b") for part in create), "--handler", "app.handler",
               "--code", "S3Bucket=packages,S3Key=missing", fails=True)  # fmt: skip
    assert "NoSuchKey" in said
    aws(server, "lambda", "delete-function", "--function-name", "cli-s3")


def test_faults_read_as_awss(server: Server, zipped: str) -> None:
    create = ("lambda", "create-function", "--role", ROLE, "--handler", "app.handler", "--zip-file", zipped)
    said = aws(server, *create, "--function-name", "x", "--runtime", "python3.99", fails=True)
    assert "An error occurred (InvalidParameterValueException)" in said or "ValidationException" in said
    said = aws(server, *create, "--function-name", "x", "--runtime", RUNTIME, "--memory-size", "99999", fails=True)
    assert "1 validation error detected: Value '99999' at 'memorySize' failed to satisfy constraint" in said
    said = aws(server, "lambda", "list-capacity-providers", fails=True)
    assert "Lambent does not support lambda:ListCapacityProviders yet" in said


def test_a_log_group_lives_its_life(server: Server) -> None:
    group = ("--log-group-name", "cli/group")
    aws(server, "logs", "create-log-group", *group)
    aws(server, "logs", "create-log-stream", *group, "--log-stream-name", "s")
    aws(server, "logs", "put-retention-policy", *group, "--retention-in-days", "7")
    found = aws(server, "logs", "describe-log-groups", "--log-group-name-prefix", "cli/")["logGroups"]
    assert found[0]["retentionInDays"] == 7
    import time

    now = int(time.time() * 1000)
    aws(server, "logs", "put-log-events", *group, "--log-stream-name", "s", "--log-events",
        json.dumps([{"timestamp": now, "message": "one two"}, {"timestamp": now, "message": "three"}]))  # fmt: skip
    matched = aws(server, "logs", "filter-log-events", *group, "--filter-pattern", "two")["events"]
    assert [event["message"] for event in matched] == ["one two"]
    aws(server, "logs", "delete-log-stream", *group, "--log-stream-name", "s")
    aws(server, "logs", "delete-log-group", *group)
