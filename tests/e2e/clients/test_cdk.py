"""CDK's command line from npm, unmodified: bootstrap, deploy with assets, diff, hotswap, destroy.

What it deploys is a cloud assembly as `cdk synth` writes it
(https://github.com/aws/aws-cdk-cli, packages/@aws-cdk/cloud-assembly-schema), so CDK's library is not needed.
"""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.clients.installed import installed_by_npm
from tests.e2e.conftest import RUNTIME, Server

SUFFIX = "000000000000-us-east-1"
BUCKET = f"cdk-hnb659fds-assets-{SUFFIX}"
ROLES = {role: f"arn:aws:iam::000000000000:role/cdk-hnb659fds-{role}-role-{SUFFIX}" for role in ("deploy", "cfn-exec")}
PUBLISHER = f"arn:aws:iam::000000000000:role/cdk-hnb659fds-file-publishing-role-{SUFFIX}"


def assembly(folder: Path, answer: str) -> None:
    """A stack with one function whose code is an asset."""
    shutil.rmtree(folder, ignore_errors=True)
    code = f"def handler(event, context):\n    return {answer!r}\n"
    name = hashlib.sha256(code.encode()).hexdigest()
    (folder / f"asset.{name}").mkdir(parents=True)
    (folder / f"asset.{name}" / "app.py").write_text(code)
    template = json.dumps({"Resources": resources(name)})
    hashed = hashlib.sha256(template.encode()).hexdigest()
    (folder / "S.template.json").write_text(template)
    files = {
        name: {"source": {"path": f"asset.{name}", "packaging": "zip"}, "destinations": placed(f"{name}.zip")},
        hashed: {"source": {"path": "S.template.json", "packaging": "file"}, "destinations": placed(f"{hashed}.json")},
    }
    (folder / "S.assets.json").write_text(json.dumps({"version": "36.0.0", "files": files, "dockerImages": {}}))
    (folder / "manifest.json").write_text(json.dumps({"version": "36.0.0", "artifacts": artifacts(hashed)}))


def resources(asset: str) -> dict[str, Any]:
    trusted = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    trust = {"Version": "2012-10-17", "Statement": [trusted]}
    function = {
        "Runtime": RUNTIME, "Handler": "app.handler", "FunctionName": "by-cdk", "Role": {"Fn::GetAtt": ["R", "Arn"]},
        "Code": {"S3Bucket": BUCKET, "S3Key": f"{asset}.zip"},
    }  # fmt: skip
    shown = {"aws:asset:path": f"asset.{asset}", "aws:asset:property": "Code"}
    return {
        "R": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}},
        "F": {"Type": "AWS::Lambda::Function", "Properties": function, "Metadata": shown},
    }


def placed(key: str) -> dict[str, Any]:
    return {"here": {"bucketName": BUCKET, "objectKey": key, "region": "us-east-1", "assumeRoleArn": PUBLISHER}}


def artifacts(template: str) -> dict[str, Any]:
    stack = {
        "templateFile": "S.template.json", "stackName": "by-cdk", "requiresBootstrapStackVersion": 6,
        "stackTemplateAssetObjectUrl": f"s3://{BUCKET}/{template}.json", "assumeRoleArn": ROLES["deploy"],
        "cloudFormationExecutionRoleArn": ROLES["cfn-exec"], "additionalDependencies": ["S.assets"],
        "bootstrapStackVersionSsmParameter": "/cdk-bootstrap/hnb659fds/version",
    }  # fmt: skip
    environment = {"environment": "aws://000000000000/us-east-1"}
    return {
        "S.assets": {"type": "cdk:asset-manifest", "properties": {"file": "S.assets.json"}},
        "S": {
            "type": "aws:cloudformation:stack", **environment, "properties": stack, "dependencies": ["S.assets"],
            "displayName": "S",
        },
    }  # fmt: skip


@pytest.fixture
def cdk(server: Server, tmp_path: Path) -> Callable[..., str]:
    program = installed_by_npm("aws-cdk@2.1148.1") / "aws-cdk" / "bin" / "cdk"
    env = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_ENDPOINT_URL": server.endpoint, "CI": "true",
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1",
        "CDK_DISABLE_CLI_TELEMETRY": "1",
    }  # fmt: skip

    def run(*said: str) -> str:
        command = ["node", str(program), "--app", str(tmp_path / "cdk.out"), "--no-notices", *said]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=100, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


@pytest.mark.timeout(300)
@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_a_stack_of_cdks_lives_its_life(server: Server, cdk: Callable[..., str], tmp_path: Path) -> None:
    function = server.client("lambda")

    def answer() -> Any:
        return json.load(function.invoke(FunctionName="by-cdk")["Payload"])

    assembly(tmp_path / "cdk.out", "one")
    cdk("bootstrap", "aws://000000000000/us-east-1")
    cdk("deploy", "--require-approval", "never")
    assert answer() == "one"
    assembly(tmp_path / "cdk.out", "two")
    assert "S3Key" in cdk("diff")
    cdk("deploy", "--require-approval", "never", "--hotswap")
    assert answer() == "two"
    cdk("destroy", "--force")
    with pytest.raises(function.exceptions.ResourceNotFoundException):
        function.get_function(FunctionName="by-cdk")
