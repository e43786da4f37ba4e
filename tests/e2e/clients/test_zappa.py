"""Zappa from PyPI, unmodified: deploy, update, roll back, undeploy."""

import json
import subprocess
import sys
from pathlib import Path

from tests.e2e.clients.installed import environment, installed
from tests.e2e.conftest import RUNTIME, Server

STEPS = Path(__file__).with_name("zappa_steps.py")
ACCOUNT = "310000000001"


def test_a_function_of_zappas_lives_its_life(server: Server, tmp_path: Path) -> None:
    env = environment(installed("zappa>=0.59,<1"), server.endpoint, ACCOUNT, tmp_path)
    done = subprocess.run(
        [sys.executable, str(STEPS), RUNTIME], capture_output=True, text=True, timeout=100, env=env, check=False
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["arn"] == f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:shop"
    assert said["answers"] == ["one", "two", "one"]
    assert said["versions"] == ["$LATEST", "1", "2", "3"]
    assert said["url"].startswith("http")
    assert said["left"] == []
