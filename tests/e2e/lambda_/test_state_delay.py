"""A client that does not wait for a change sees what it would see on AWS."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import ROLE, RUNTIME, Deploy, Server, package

HANDLER = "def handler(event, context):\n    return {}\n"
DELAY = 1.0
"""Long enough for a few calls on a busy machine."""


def refused(call: Callable[..., Any], **params: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**params)
    answer = caught.value.response
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Type"]) == (409, "User")
    assert answer["Error"]["Code"] == "ResourceConflictException"
    return str(answer["message"])


def test_a_client_that_does_not_wait(own_server: Callable[..., Server]) -> None:
    server = own_server(env={"LAMBENT_STATE_DELAY": str(DELAY)})
    client, f = server.client("lambda"), {"FunctionName": "f"}
    payload: dict[str, Any] = {**f, "Payload": b"{}"}
    code = {"ZipFile": package({"app.py": HANDLER.replace("{}", "1")})}
    client.create_function(**f, Runtime=RUNTIME, Handler="app.handler", Role=ROLE, Code=code)
    pending = "The operation cannot be performed at this time. "
    pending += "The function is currently in the following state: Pending"
    assert refused(client.invoke, **payload) == pending
    assert refused(client.invoke, **payload, InvocationType="Event") == pending
    assert refused(client.publish_version, **f) == pending
    waiter = {"Delay": 0.05, "MaxAttempts": 200}
    client.get_waiter("function_active_v2").wait(**f, WaiterConfig=waiter)
    assert client.invoke(**payload)["Payload"].read() == b"1"

    changed = client.update_function_code(**f, ZipFile=package({"app.py": HANDLER.replace("{}", "2")}))
    assert changed["LastUpdateStatus"] == "InProgress"
    busy = "The operation cannot be performed at this time. An update is in progress for resource: "
    assert refused(client.update_function_configuration, **f, Timeout=9) == busy + changed["FunctionArn"]
    assert client.invoke(**payload)["Payload"].read() == b"1"
    assert client.get_function(**f)["Configuration"]["LastUpdateStatus"] == "InProgress"
    client.get_waiter("function_updated_v2").wait(**f, WaiterConfig=waiter)
    assert client.invoke(**payload)["Payload"].read() == b"2"

    client.meta.events.register("before-call.lambda", _at_once)
    began = time.monotonic()
    client.update_function_configuration(**f, Timeout=9)
    client.get_waiter("function_updated_v2").wait(**f, WaiterConfig=waiter)
    assert time.monotonic() - began < DELAY
    assert server.page("findings")["findings"] == []


def _at_once(params: dict[str, Any], **_: Any) -> None:
    params["headers"]["x-lambent-state-delay"] = "0"


def test_where_changes_do_not_last_a_finding_tells_who_did_not_wait(server: Server, deploy: Deploy) -> None:
    client, f = server.client("lambda"), {"FunctionName": deploy(HANDLER.replace("{}", "1"))}
    arn = client.get_function(**f)["Configuration"]["FunctionArn"]
    client.update_function_configuration(**f, Timeout=9)
    client.invoke(**f, Payload=b"{}")  # not one look in between
    told = [one["code"] for one in server.page("findings")["findings"] if one["resource"] == arn]
    assert told == ["not-waited-for"]
