"""Trials start from a snapshot where that is the same as a new environment, and a seed repeats them."""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import TEMPLATE, Deploy, Server, start
from tests.e2e.lambda_.test_snapstart import HERE, SNAP

NOTE = """
import boto3, os, uuid

S3 = boto3.client("s3")
MADE = uuid.uuid4().hex if os.environ.get("UNIQUE") else "the same"


def handler(event, context):
    S3.put_object(Bucket="trial-notes", Key=event["id"], Body=MADE.encode())
    S3.put_object(Bucket="trial-notes", Key=event["id"] + uuid.uuid4().hex, Body=b"once more each time")
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """In the place of the one that all tests share."""
    running = start(tmp_path_factory.mktemp("data"), env=HERE)
    running.client("s3").create_bucket(Bucket="trial-notes")
    yield running
    assert running.stop() == 0, "".join(running.output)


def torture(server: Server, name: str) -> dict[str, Any]:
    """The report, without what takes longer or shorter, and how two runs at once met."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "LAMBENT_"))}
    environ |= {"AWS_ENDPOINT_URL": server.endpoint, "AWS_REGION": "us-east-1"}
    command = ("torture", name, "--event", "-", "--json", "--runs", "10", "--seed", "5")
    done = TEMPLATE.run(command, environ, '{"id": "n-1"}', seconds=150)
    assert done.returncode in (0, 1), done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    assert said.pop("seconds") > 0 < said.pop("ready")
    for one in said["broken"]:
        del one["order"]
    return said


def test_a_seed_repeats_trials_from_a_snapshot(server: Server, deploy: Deploy) -> None:
    name = deploy(NOTE, Runtime=SNAP["Runtime"], MemorySize=512)
    first, second = torture(server, name), torture(server, name)
    assert first["snapshot"] and first["trials"] == 10 and first["broken"]
    assert first == second


def test_what_is_made_at_import_is_made_anew(server: Server, deploy: Deploy) -> None:
    name = deploy(NOTE, Runtime=SNAP["Runtime"], MemorySize=512, Environment={"Variables": {"UNIQUE": "1"}})
    assert not torture(server, name)["snapshot"]
