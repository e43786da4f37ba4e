"""A function runs on the interpreter that its runtime names; one that is not there is refused by name."""

import json
import sys
import urllib.request
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from lambent.runtimes import interpreters
from tests.e2e.conftest import ROLE, Deploy, Server, package

Begin = Callable[..., Server]
CODE = """
import sys, boto3, awslambdaric
def handler(event, context):
    return [list(sys.version_info[:2]), sys.prefix, boto3.__file__, awslambdaric.__file__]
"""
FOUND = tuple(version for version in interpreters.find() if tuple(map(int, version.split("."))) >= (3, 9))


@pytest.mark.parametrize("version", FOUND)
def test_each_interpreter_of_the_host_runs_its_own_functions(server: Server, deploy: Deploy, version: str) -> None:
    name = deploy(CODE, Runtime=f"python{version}", Timeout=30, MemorySize=1024)
    answer = server.client("lambda").invoke(FunctionName=name)
    seen = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, seen
    assert seen == [
        [int(part) for part in version.split(".")],
        "/var/lang",
        "/var/runtime/boto3/__init__.py",
        "/var/runtime/awslambdaric/__init__.py",
    ]


def test_a_runtime_that_the_host_lacks_is_refused_and_names_what_was_found(server: Server) -> None:
    missing = next(f"3.{minor}" for minor in (14, 13, 12, 10, 9) if f"3.{minor}" not in interpreters.find())
    with pytest.raises(ClientError) as refused:
        server.client("lambda").create_function(
            FunctionName="lacking",
            Runtime=f"python{missing}",
            Handler="app.handler",
            Role=ROLE,
            Code={"ZipFile": package({"app.py": CODE})},
        )
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
    said = refused.value.response["Error"]["Message"]
    assert f"CPython {missing}" in said
    assert f"3.{sys.version_info.minor}" in said


def test_a_mapping_runs_it_elsewhere_and_is_reported(own_server: Begin) -> None:
    here = f"3.{sys.version_info.minor}"
    server = own_server(env={"LAMBENT_RUNTIME_MAP": f"python3.14={here}"})
    with urllib.request.urlopen(f"{server.endpoint}/_lambent/health", timeout=10) as answer:
        assert json.load(answer)["runtime_map"] == {"python3.14": here}
    client = server.client("lambda")
    client.create_function(
        FunctionName="mapped",
        Runtime="python3.14",
        Handler="app.handler",
        Role=ROLE,
        MemorySize=512,
        Code={"ZipFile": package({"app.py": CODE})},
    )
    client.get_waiter("function_active_v2").wait(
        FunctionName="mapped", WaiterConfig={"Delay": 0.05, "MaxAttempts": 999}
    )
    seen = json.loads(client.invoke(FunctionName="mapped")["Payload"].read())
    assert seen[0] == [sys.version_info.major, sys.version_info.minor]
