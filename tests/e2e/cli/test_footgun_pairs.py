"""The examples' pairs of functions, one with a footgun and one without: `torture` and `watch` tell them apart.

What `check` reads of them is in tests/unit/examples.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from examples.footguns.pairs import Pair, each
from tests.e2e.conftest import TEMPLATE, Server

ACCOUNT, RUNS = "555566667778", 4
POWERTOOLS = ("aws-lambda-powertools>=3,<4", "jmespath>=1,<2")


class Account:
    """An account of the server's with what the examples use, and `lambent` in it."""

    def __init__(self, server: Server, home: Path) -> None:
        self._endpoint, self._home = server.endpoint, home
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAMBENT_"))}
        keys = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "x", "AWS_ENDPOINT_URL": server.endpoint}
        self._environ = {**environ, **keys, "AWS_REGION": "us-east-1", "HOME": str(home)}
        for name in ("footguns-seen", "footguns-orders", "footguns-prices"):
            self.client("dynamodb").create_table(
                TableName=name, KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            )  # fmt: skip
        self.client("s3").create_bucket(Bucket="footguns-reports")
        self.queue = self.client("sqs").create_queue(QueueName="footguns-invoices")["QueueUrl"]
        self.client("secretsmanager").create_secret(Name="footguns/token", SecretString="a-token-of-this-test")

    def client(self, service: str) -> Any:
        return boto3.client(
            service, endpoint_url=self._endpoint, region_name="us-east-1", aws_access_key_id=ACCOUNT,
            aws_secret_access_key="x",
        )  # fmt: skip

    def lambent(self, *arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        return TEMPLATE.run(arguments, self._environ, given, seconds=200)

    def deploy(self, pair: Pair, kind: str) -> str:
        """The function of a pair, with what it requires."""
        name, folder = f"{pair.name}-{kind}", self._home / f"{pair.name}-{kind}"
        folder.mkdir()
        (folder / "app.py").write_text((pair.folder(kind) / "app.py").read_text())
        if (pair.folder(kind) / "requirements.txt").exists():
            install = [sys.executable, "-m", "pip", "install", "-q", "--target", str(folder), *POWERTOOLS]
            subprocess.run(install, check=True, timeout=200)
        options = ("--name", name, "--handler", "app.handler", "--timeout", "20", "--memory", "512")
        variables = ("--env", f"QUEUE={self.queue}", "--env", "SIGNING_SECRET=another-of-this-test")
        done = self.lambent("deploy", str(folder), *options, *variables)
        assert done.returncode == 0, done.stderr
        return name


@pytest.fixture(scope="module")
def account(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Account:
    return Account(server, tmp_path_factory.mktemp("home"))


def found(account: Account, pair: Pair, way: str, name: str) -> set[str]:
    """Which pitfalls one of the three finds in a function."""
    if way == "torture":
        only = [part for trial in pair.trials for part in ("--only", trial)]
        done = account.lambent("torture", name, "--event", "-", "--json", *only, given=json.dumps(pair.event))
        assert done.returncode in (0, 1), done.stderr
        broken = [one for one in json.loads(done.stdout)["broken"] if not one["remains"]]
        for one in broken:
            if one["trial"] == "together:0":  # the interleaving: both look before either has noted
                assert {call[2:] for call in one["order"][:2]} == {"dynamodb:GetItem"}, one["order"]
                assert {call[0] for call in one["order"][:2]} == {"A", "B"}, one["order"]
        return {one["code"] for one in broken}
    for _ in range(RUNS):
        said = account.client("lambda").invoke(FunctionName=name, Payload=json.dumps(pair.event))
        assert "FunctionError" not in said, said["Payload"].read()
    lines = account.lambent("watch", name, "--for", "2s", "--json").stdout.splitlines()
    return {json.loads(line)["code"] for line in lines}


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("pair", "way"), [one for one in each() if one[1] != "check"], ids=str)
def test_a_pair_is_told_apart(account: Account, pair: Pair, way: str) -> None:
    codes = set(getattr(pair, way))
    bad, good = (found(account, pair, way, account.deploy(pair, kind)) for kind in ("bad", "good"))
    assert codes <= bad, bad
    assert not codes & good, good
