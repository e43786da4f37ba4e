"""The `lambent` command against a real server: what a person types, first to last."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lambent import __version__
from tests.e2e.conftest import TEMPLATE

Done = subprocess.CompletedProcess[str]
Lambent = Callable[..., Done]

SOURCE = """
import os

def handler(event, context):
    print("hello from", context.function_name)
    if event.get("fail"):
        raise ValueError("asked to")
    return {"event": event, "word": os.environ.get("WORD"), "memory": context.memory_limit_in_mb}
"""


@pytest.fixture
def lambent(server, tmp_path) -> Lambent:
    """Runs `lambent ARGS` as a process of its own, with no AWS settings but the endpoint."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "LAMBENT_"))}
    environ |= {"AWS_ENDPOINT_URL": server.endpoint, "HOME": str(tmp_path)}

    def run(*args: str | Path, code: int = 0, **options: str) -> Done:
        done = TEMPLATE.run([*map(str, args)], environ, cwd=tmp_path, **options)
        assert done.returncode == code, (done.stdout, done.stderr)
        return done

    return run


@pytest.fixture
def folder(tmp_path) -> Path:
    folder = tmp_path / "talk"
    folder.mkdir()
    (folder / "app.py").write_text(SOURCE)
    (folder / "app.py").chmod(0o644)
    return folder


@pytest.fixture
def function(lambent, folder):
    name = "cli-talk"
    lambent("deploy", folder, "--name", name)
    yield name
    lambent("delete", name)
    lambent("delete", name, code=1)


def test_deploy_prints_the_arn_and_again_changes_nothing(lambent, folder, function):
    done = lambent("deploy", folder, "--name", function)
    assert done.stdout == f"arn:aws:lambda:us-east-1:000000000000:function:{function}\n"
    assert "nothing to change" in done.stderr


def test_invoke(lambent, function):
    done = lambent("invoke", function, "--payload", '{"a": "é"}')
    assert json.loads(done.stdout) == {"event": {"a": "é"}, "word": None, "memory": "128"}
    assert done.stderr == ""
    assert json.loads(lambent("invoke", function, "-p", "-", given='{"b": 1}').stdout)["event"] == {"b": 1}


def test_invoke_with_the_log(lambent, function):
    done = lambent("invoke", function, "--log")
    assert f"hello from {function}" in done.stderr
    assert "REPORT RequestId: " in done.stderr


def test_a_function_error_exits_3(lambent, function):
    done = lambent("invoke", function, "--payload", '{"fail": true}', code=3)
    assert json.loads(done.stdout)["errorType"] == "ValueError"
    assert done.stderr == "error: the function failed (Unhandled): ValueError: asked to\n"


def test_an_update_is_seen_by_the_next_invocation(lambent, folder, function):
    lambent("invoke", function)
    lambent("deploy", folder, "--name", function, "--memory", "256", "--env", "WORD=lambent")
    answer = json.loads(lambent("invoke", function).stdout)
    assert (answer["word"], answer["memory"]) == ("lambent", "256")
    (folder / "app.py").write_text(SOURCE.replace('"word":', '"changed": True, "word":'))
    lambent("deploy", folder, "--name", function)
    answer = json.loads(lambent("invoke", function).stdout)
    assert (answer["word"], answer["changed"]) == ("lambent", True)


def test_logs(lambent, function):
    lambent("invoke", function)
    lambent("invoke", function)
    text = lambent("logs", function).stdout
    assert text.count(f"hello from {function}") >= 2
    assert text.index("START RequestId") < text.index("REPORT RequestId")
    assert json.loads(lambent("logs", function, "--json").stdout)["log_group"] == f"/aws/lambda/{function}"


def test_list_and_status(lambent, server, function):
    assert function in lambent("list").stdout
    names = [about["FunctionName"] for about in json.loads(lambent("list", "--json").stdout)["functions"]]
    assert function in names
    status = lambent("status").stdout
    assert status.startswith(f"Lambent {__version__} at {server.endpoint}, isolation ")
    assert json.loads(lambent("status", "--json").stdout)["health"]["isolation"]["level"] in status


def test_doctor(lambent, server):
    text = lambent("doctor").stdout
    assert "isolation" in text
    assert server.endpoint in text
    assert json.loads(lambent("doctor", "--json").stdout)["interpreters"]


def test_aws_faults_are_one_line(lambent):
    done = lambent("invoke", "nobody", code=1)
    assert done.stderr.startswith("error: ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:")
    assert done.stderr.count("\n") == 1


def test_names_that_lambda_refuses_are_one_line(lambent, folder):
    done = lambent("deploy", folder, "--name", "no spaces", code=1)
    assert done.stderr.count("\n") == 1
