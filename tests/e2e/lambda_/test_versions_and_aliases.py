"""Versions and aliases through a real server: which code runs, and what it is told of itself."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ROLE, RUNTIME, TIMEOUT, Deploy, Server, package
from tests.e2e.lambda_.test_both_roads import raw

CODE = """
import os
def handler(event, context):
    return {
        "code": CODE,
        "version": context.function_version,
        "variable": os.environ["AWS_LAMBDA_FUNCTION_VERSION"],
        "arn": context.invoked_function_arn,
        "stream": context.log_stream_name,
    }
"""
ARN = "arn:aws:lambda:us-east-1:000000000000:function:"


def code_of(number: int) -> bytes:
    return package({"app.py": CODE.replace("CODE", str(number), 1)})


def published(client: Any, name: str) -> None:
    """Version 1 with code 1, version 2 with code 2, $LATEST with code 3."""
    for number in (1, 2, 3):
        client.update_function_code(FunctionName=name, ZipFile=code_of(number), Publish=number < 3)
        client.get_waiter("function_updated_v2").wait(
            FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 500}
        )
    for version in ("1", "2"):
        client.get_waiter("published_version_active").wait(
            FunctionName=name, Qualifier=version, WaiterConfig={"Delay": 0.05, "MaxAttempts": 500}
        )


def run(client: Any, name: str, **options: Any) -> tuple[str, dict[str, Any]]:
    """ExecutedVersion and what the function said."""
    answer = client.invoke(FunctionName=name, **options)
    return answer["ExecutedVersion"], json.load(answer["Payload"])


def test_each_qualifier_runs_its_version(server: Server, deploy: Deploy) -> None:
    name, client = deploy("handler = None"), server.client("lambda")
    published(client, name)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    for options, version, code, shown in (
        ({}, "$LATEST", 3, ""),
        ({"Qualifier": "$LATEST"}, "$LATEST", 3, ":$LATEST"),
        ({"Qualifier": "1"}, "1", 1, ":1"),
        ({"Qualifier": "2"}, "2", 2, ":2"),
        ({"Qualifier": "live"}, "1", 1, ":live"),
    ):
        executed, said = run(client, name, **options)
        assert (executed, said["code"], said["arn"]) == (version, code, f"{ARN}{name}{shown}")
        assert said["version"] == said["variable"] == version
        assert f"[{version}]" in said["stream"]
    for form in (f"{name}:2", f"{ARN}{name}:2", f"000000000000:function:{name}:2"):
        assert run(client, form)[1]["code"] == 2
    client.update_alias(FunctionName=name, Name="live", FunctionVersion="2")
    assert run(client, f"{name}:live")[1]["code"] == 2
    client.update_function_configuration(FunctionName=name, Description="new")
    assert run(client, name, Qualifier="1")[1]["stream"] is not None
    with pytest.raises(client.exceptions.ResourceNotFoundException, match=f"{name}:dead"):
        client.invoke(FunctionName=name, Qualifier="dead")


def test_weights_share_out_invocations(server: Server, deploy: Deploy) -> None:
    name, client = deploy("handler = None"), server.client("lambda")
    published(client, name)
    weights = {"AdditionalVersionWeights": {"2": 0.5}}
    client.create_alias(FunctionName=name, Name="both", FunctionVersion="1", RoutingConfig=weights)
    seen = Counter(run(client, name, Qualifier="both")[0] for _ in range(40))
    assert set(seen) == {"1", "2"}  # missing one of them: once in 5 * 10^11 runs


def test_a_seed_decides_which_versions_run(own_server: Callable[..., Server], tmp_path: Path) -> None:
    def sequence(folder: str) -> list[str]:
        server = own_server(data_dir=tmp_path / folder, env={"LAMBENT_SEED": "7"})
        client = server.client("lambda")
        client.create_function(
            FunctionName="f", Runtime=RUNTIME, Handler="app.handler", Role=ROLE, Code={"ZipFile": code_of(0)}
        )
        client.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 0.05, "MaxAttempts": 500})
        published(client, "f")
        weights = {"AdditionalVersionWeights": {"2": 0.5}}
        client.create_alias(FunctionName="f", Name="both", FunctionVersion="1", RoutingConfig=weights)
        return [run(client, "f", Qualifier="both")[0] for _ in range(20)]

    first = sequence("one")
    assert first == sequence("two")
    assert set(first) == {"1", "2"}


@pytest.mark.parametrize("qualifier", ["live", "1"])
def test_both_roads_give_the_same_bytes_with_a_qualifier(server: Server, deploy: Deploy, qualifier: str) -> None:
    name, client = deploy("handler = None", FunctionName=f"both-roads-{qualifier}"), server.client("lambda")
    published(client, name)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    path = "/2015-03-31/functions"
    by_query = raw(server, f"{path}/{name}/invocations?Qualifier={qualifier}", b"{}", False)
    by_name = raw(server, f"{path}/{name}%3A{qualifier}/invocations", b"{}", False)
    # An ARN makes the request go through the chain.
    by_chain = raw(server, f"{path}/{ARN}{name}:{qualifier}/invocations", b"{}", False)
    assert by_query == by_name == by_chain
    assert by_query[1]["x-amz-executed-version"] == "1"


def test_a_function_deleted_while_it_runs_answers_first(server: Server) -> None:
    client, name, answers = server.client("lambda"), "deleted-while-it-runs", []
    slow = "import time\ndef handler(event, context):\n    print('on')\n    time.sleep(1)\n    return 'done'\n"
    client.create_function(
        FunctionName=name, Runtime=RUNTIME, Handler="app.handler", Role=ROLE, Timeout=TIMEOUT,
        Code={"ZipFile": package({"app.py": slow})},
    )  # fmt: skip
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 500})
    runs = threading.Thread(target=lambda: answers.append(run(client, name)))
    runs.start()
    _wait_for_line(server, name)
    server.client("lambda").delete_function(FunctionName=name)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.invoke(FunctionName=name)
    runs.join()
    assert answers == [("$LATEST", "done")]


def _wait_for_line(server: Server, name: str) -> None:
    """Until the function has said that it is on its way."""
    logs = server.client("logs")
    for _ in range(2000):
        try:
            found = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern="on")
        except logs.exceptions.ResourceNotFoundException:
            found = {"events": []}
        if found["events"]:
            return
        threading.Event().wait(0.02)
    raise AssertionError("the function did not start")
