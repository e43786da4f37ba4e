"""Terraform and its AWS provider, unmodified, where this machine has both: apply, nothing to plan, apply a change,
destroy. (Queues are made beside it: the provider waits 25 seconds for each that it makes, wherever it is.)"""

import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import RUNTIME, Server, package

PROJECT = Path(__file__).with_name("project.tf")
PLUGINS = "registry.terraform.io/hashicorp/aws"
MIRRORS = (Path.home() / ".terraform.d/plugins", *(Path(one) for one in ("/usr/share/terraform/plugins",)))

Terraform = Callable[..., str]


def mirror() -> Path | None:
    """A folder of plugins with AWS's provider, as `terraform providers mirror` makes them."""
    for folder in (*MIRRORS, *Path("/opt").glob("*")):
        if (folder / PLUGINS).is_dir():
            return folder
    return None


@pytest.fixture
def queue(server: Server) -> Iterator[str]:
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName="by-terraform", Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
    yield sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def terraform(server: Server, queue: str, tmp_path: Path) -> Terraform:
    folder = mirror()
    if folder is None or shutil.which("terraform") is None:
        pytest.skip("Terraform or its AWS provider is not installed")
    shutil.copy(PROJECT, tmp_path / "main.tf")
    for answer in ("one", "two"):
        code = f"def handler(event, context):\n    return {answer!r}\n"
        (tmp_path / f"{answer}.zip").write_bytes(package({"app.py": code}))
    settings = f'provider_installation {{\n  filesystem_mirror {{\n    path = "{folder}"\n  }}\n}}\n'
    (tmp_path / "settings.tfrc").write_text(settings)
    env = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_ENDPOINT_URL": server.endpoint,
        "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "TF_CLI_CONFIG_FILE": str(tmp_path / "settings.tfrc"), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1",
        "TF_VAR_queue": queue, "TF_VAR_runtime": RUNTIME,
    }  # fmt: skip

    def run(*said: str, **variables: str) -> str:
        done = subprocess.run(
            ["terraform", *said], cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False,
            env=env | {f"TF_VAR_{name}": value for name, value in variables.items()},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-5000:] + done.stderr
        return done.stdout

    return run


@pytest.mark.timeout(300)
def test_a_project_of_terraforms_lives_its_life(server: Server, terraform: Terraform) -> None:
    client = server.client("lambda")
    first, second = {"answer": "one", "batch": "5"}, {"answer": "two", "batch": "7"}

    def answer() -> Any:
        return json.load(client.invoke(FunctionName="by-terraform", Qualifier="live")["Payload"])

    terraform("init", "-no-color")
    terraform("apply", "-no-color", "-auto-approve", **first)
    assert answer() == "one"
    said = {name: one["value"] for name, one in json.loads(terraform("output", "-json")).items()}
    assert urllib.request.urlopen(f"{server.endpoint}/_aws/execute-api/{said['api']}/hello").read() == b"one"
    terraform("apply", "-no-color", "-auto-approve", **second)
    assert answer() == "two"
    mapping = client.get_event_source_mapping(UUID=said["mapping"])
    assert (mapping["BatchSize"], mapping["ScalingConfig"]) == (7, {"MaximumConcurrency": 3})
    assert "No changes." in terraform("plan", "-no-color", "-detailed-exitcode", **second)
    terraform("apply", "-no-color", "-auto-approve", "-destroy", **second)
    assert not client.list_event_source_mappings(FunctionName="by-terraform")["EventSourceMappings"]
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function(FunctionName="by-terraform")
