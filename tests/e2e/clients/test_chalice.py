"""Chalice from PyPI, unmodified: `chalice deploy`, `invoke`, its REST API, `deploy` again, `delete`."""

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.clients.installed import environment, installed
from tests.e2e.conftest import Server

ACCOUNT = "310000000002"
APP = """from chalice import Chalice

app = Chalice(app_name="shop")


@app.lambda_function(name="price")
def price(event, context):
    return {"price": event["count"] * EACH}


@app.route("/price/{count}")
def asked(count):
    return {"price": int(count) * EACH}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".chalice").mkdir()
    config = {"version": "2.0", "app_name": "shop", "stages": {"dev": {}}}
    (tmp_path / ".chalice" / "config.json").write_text(json.dumps(config))
    (tmp_path / "requirements.txt").write_text("")
    return tmp_path


def test_an_app_of_chalices_lives_its_life(
    server: Server, project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    env = environment(installed("chalice>=1.31,<2"), server.endpoint, ACCOUNT, tmp_path_factory.mktemp("data"))

    def chalice(*arguments: str, given: str | None = None) -> str:
        done = subprocess.run(
            [sys.executable, "-c", "from chalice.cli import main; main()", *arguments],
            capture_output=True, text=True, timeout=100, env=env, cwd=project, input=given, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    def deploy(each: int) -> str:
        (project / "app.py").write_text(APP + f"\n\nEACH = {each}\n")
        return chalice("deploy")

    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:shop-dev-price"

    def ask(said: str) -> Any:
        found = re.search(r"https://([a-z0-9]+)\.execute-api\.us-east-1\.amazonaws\.com/api/", said)
        assert found, said
        with urllib.request.urlopen(f"{server.endpoint}/_aws/execute-api/{found[1]}/api/price/3", timeout=60) as answer:
            return json.load(answer)

    said = deploy(2)
    assert arn in said and ask(said) == {"price": 6}
    assert json.loads(chalice("invoke", "-n", "price", given='{"count": 3}')) == {"price": 6}
    said = deploy(5)
    assert arn in said and ask(said) == {"price": 15}
    assert json.loads(chalice("invoke", "-n", "price", given='{"count": 3}')) == {"price": 15}
    chalice("delete")
    client: Any = server.client("lambda")
    with pytest.raises(client.exceptions.ClientError):
        client.get_function(FunctionName=arn)
