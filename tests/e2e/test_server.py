"""The server as a process: start, stop, crash, restart."""

import json
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import ROLE, RUNTIME, TEMPLATE, Server, package

ECHO = {"app.py": "def handler(event, context):\n    return event\n"}
Begin = Callable[..., Server]


def up(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return TEMPLATE.run(["up", *arguments])


def create(server: Server, name: str) -> None:
    client = server.client("lambda")
    client.create_function(
        FunctionName=name, Runtime=RUNTIME, Handler="app.handler", Role=ROLE, Code={"ZipFile": package(ECHO)}
    )
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 2000})


def test_health_says_what_each_promise_is_worth(server: Server) -> None:
    with urllib.request.urlopen(f"{server.endpoint}/_lambent/health", timeout=10) as answer:
        health = json.load(answer)
    assert health["version"]
    assert health["isolation"]["level"] in {"namespace", "process"}
    lost = {name.replace("_", " ") for name, said in health["isolation"]["promises"].items() if not said["kept"]}
    [told] = [line for line in server.output if line.startswith("Not kept")] if lost - {"outbound network"} else [""]
    assert set(told.partition(": ")[2].partition(". ")[0].split(", ")) - {""} == lost - {"outbound network"}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_within_five_seconds(own_server: Begin, how: int) -> None:
    server = own_server()
    create(server, "f")
    server.client("lambda").invoke(FunctionName="f", Payload=b"1")
    assert server.stop(how, 5.0) == 0
    assert "Traceback" not in "".join(server.output)


def test_a_second_server_on_the_data_folder_says_one_line(own_server: Begin) -> None:
    server = own_server()
    second = up("--port", "0", "--data-dir", str(server.data_dir))
    assert second.returncode == 1
    assert len(second.stderr.strip().splitlines()) == 1
    assert str(server.data_dir) in second.stderr


def test_a_port_in_use_says_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        second = up("--port", str(port), "--data-dir", str(tmp_path))
    assert second.returncode == 1
    assert len(second.stderr.strip().splitlines()) == 1
    assert str(port) in second.stderr


def test_functions_survive_kill_9(own_server: Begin) -> None:
    first = own_server()
    create(first, "kept")
    first.client("lambda").invoke(FunctionName="kept", Payload=b"1")
    first.stop(signal.SIGKILL)
    second = own_server(data_dir=first.data_dir)
    answer = second.client("lambda").invoke(FunctionName="kept", Payload=b'{"n": 1}')
    assert json.loads(answer["Payload"].read()) == {"n": 1}
    groups = second.client("logs").describe_log_groups()["logGroups"]
    assert "/aws/lambda/kept" in [group["logGroupName"] for group in groups]


def test_the_code_link_downloads_the_package_and_nothing_else(server: Server) -> None:
    create(server, "linked")
    code = server.client("lambda").get_function(FunctionName="linked")["Code"]
    with urllib.request.urlopen(code["Location"], timeout=10) as answer:
        assert answer.read() == package(ECHO)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(code["Location"][:-1] + ("1" if code["Location"].endswith("0") else "0"), timeout=10)
    assert refused.value.code == 403
    refused.value.close()
    server.client("lambda").delete_function(FunctionName="linked")


def test_an_operation_that_is_not_built_is_refused_by_name(server: Server) -> None:
    client = server.client("lambda")
    with pytest.raises(client.exceptions.ClientError) as refused:
        client.list_capacity_providers()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "lambda:ListCapacityProviders" in refused.value.response["Error"]["Message"]


GARBAGE: dict[str, bytes | None] = {
    **{"logs/index.jsonl": b"123\n", "logs": b"", "sandboxes": b"", "blobs": b"", "state.db": b"garbage" * 100},
    **{"token": None, "state.db/x": None, "lock": None},
}
"""What stands where something of ours should; None: a folder."""


def test_a_start_over_something_else_says_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    def begin(name: str) -> "subprocess.CompletedProcess[str]":
        data = tmp_path / name.replace("/", "-")
        path = data / name
        path.parent.mkdir(parents=True)
        content = GARBAGE[name]
        path.mkdir() if content is None else path.write_bytes(content)
        return up("--port", "0", "--data-dir", str(data))

    with ThreadPoolExecutor(2) as pool:
        for name, ended in zip(GARBAGE, pool.map(begin, GARBAGE), strict=True):
            assert ended.returncode == 1, name
            [line] = ended.stderr.strip().splitlines()
            assert re.search(r"move (it|\S+) away", line), line
            assert str(tmp_path) in line


def test_a_package_goes_with_its_last_reference(own_server: Begin) -> None:
    server = own_server()
    client = server.client("lambda")
    for name in ("one", "two"):
        create(server, name)
    client.invoke(FunctionName="one", Payload=b"1")
    [package] = {one.name for one in (server.data_dir / "blobs").iterdir() if one.suffix == ".zip"}
    client.delete_function(FunctionName="one")
    time.sleep(2.5)
    assert (server.data_dir / "blobs" / package).exists()
    assert client.invoke(FunctionName="two", Payload=b"1")["Payload"].read() == b"1"
    client.delete_function(FunctionName="two")
    end = time.monotonic() + 30
    while list((server.data_dir / "blobs").iterdir()) and time.monotonic() < end:
        time.sleep(0.1)
    assert list((server.data_dir / "blobs").iterdir()) == []


def test_a_package_that_is_gone_is_told_to_who_calls(own_server: Begin) -> None:
    server = own_server()
    create(server, "f")
    shutil.rmtree(server.data_dir / "blobs")
    for _ in range(2):
        with pytest.raises(ClientError) as refused:
            server.client("lambda").invoke(FunctionName="f")
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        error = refused.value.response["Error"]
        assert error["Code"] == "ServiceException"
        assert "is gone from the data folder: deploy its function or layer again" in error["Message"]
    assert "Traceback" not in "".join(server.output)
