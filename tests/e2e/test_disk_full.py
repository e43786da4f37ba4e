"""A data folder that is full: the caller gets an error with an id, nothing acknowledged is lost, the server goes on."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import ROLE, RUNTIME, Server, package

Begin = Callable[..., Server]


def create(server: Server, name: str, size: int) -> None:
    files = {"app.py": "def handler(event, context):\n    return 1\n", "ballast": os.urandom(size // 2).hex()}
    client = server.client("lambda")
    client.create_function(
        FunctionName=name, Runtime=RUNTIME, Handler="app.handler", Role=ROLE, Code={"ZipFile": package(files)}
    )


@pytest.mark.parametrize("small_disk", ["4m"], indirect=True)
def test_a_full_data_folder_is_an_error_and_no_loss(own_server: Begin, small_disk: Path) -> None:
    server = own_server(data_dir=small_disk / "data")
    create(server, "fits", 1000)
    active = server.client("lambda").get_waiter("function_active_v2")
    active.wait(FunctionName="fits", WaiterConfig={"Delay": 0.05, "MaxAttempts": 900})
    with pytest.raises(ClientError) as refused:
        for number in range(8):
            create(server, f"big-{number}", 1_000_000)
    answer = refused.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert answer["Error"]["Code"] == "ServiceException"
    assert answer["ResponseMetadata"]["RequestId"] in answer["Error"]["Message"]
    assert "the disk of the data folder is full: make room there and try again" in answer["Error"]["Message"]
    client = server.client("lambda")
    assert client.invoke(FunctionName="fits")["Payload"].read() == b"1"
    kept = {one["FunctionName"] for one in client.list_functions()["Functions"]}
    assert server.stop() == 0
    again = own_server(data_dir=small_disk / "data")
    assert {one["FunctionName"] for one in again.client("lambda").list_functions()["Functions"]} == kept
    assert again.client("lambda").invoke(FunctionName="fits")["Payload"].read() == b"1"
