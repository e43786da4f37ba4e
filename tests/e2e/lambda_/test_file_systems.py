"""FileSystemConfigs: a folder of this machine stands for the access point, at both levels of isolation."""

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.e2e.conftest import ROLE, RUNTIME, Server, package

Begin = Callable[..., Server]
POINT = "fsap-0123456789abcdef0"
ARN = f"arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/{POINT}"
OTHER = "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-00000000000000000"
CODE = """
import errno, os, time
def handler(event, context):
    try:
        with open("/mnt/data/" + event["name"], "x") as file:
            file.write(context.log_stream_name)
        said = "done"
    except OSError as error:
        said = errno.errorcode[error.errno]
    for _ in range(400):
        found = sorted(os.listdir("/mnt/data")) if os.path.isdir("/mnt/data") else []
        if len(found) >= event["until"]:
            break
        time.sleep(0.02)
    return [said, found, context.log_stream_name]
"""


def mounting(server: Server, arn: str, name: str = "f") -> Any:
    """A client, and a function that mounts an access point at /mnt/data."""
    client, ec2 = server.client("lambda"), server.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]
    known = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])["SecurityGroups"]
    group = (known[0] if known else ec2.create_security_group(GroupName=name, Description="d", VpcId=subnet["VpcId"]))[
        "GroupId"
    ]
    client.create_function(
        FunctionName=name,
        Runtime=RUNTIME,
        Handler="app.handler",
        Role=ROLE,
        Timeout=20,
        Code={"ZipFile": package({"app.py": CODE})},
        VpcConfig={"SubnetIds": [subnet["SubnetId"]], "SecurityGroupIds": [group]},
        FileSystemConfigs=[{"Arn": arn, "LocalMountPath": "/mnt/data"}],
    )
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 2000})
    return client


def write(client: Any, name: str, until: int = 1, function: str = "f") -> Any:
    payload = json.dumps({"name": name, "until": until})
    answer = client.invoke(FunctionName=function, Payload=payload)
    assert "FunctionError" not in answer, answer["Payload"].read()
    return json.loads(answer["Payload"].read())


def codes(server: Server) -> set[str]:
    return {one["code"] for one in server.page("findings")["findings"]} - {"stored-only/vpc", "no-outbound-network"}


def test_environments_share_it_and_a_restart_keeps_it(own_server: Begin) -> None:
    first = own_server()
    client = mounting(first, ARN)
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(lambda name: write(client, name, until=2), ("one", "two"))
    assert (one[:2], two[:2]) == (["done", ["one", "two"]],) * 2
    assert one[2] != two[2]  # two environments, at the same time
    assert write(client, "one")[:2] == ["EEXIST", ["one", "two"]]  # whichever of the two answers
    assert codes(first) == set()
    client.delete_function(FunctionName="f")
    mounts = Path("/proc/self/mounts").read_text()
    assert first.stop() == 0
    assert Path("/proc/self/mounts").read_text() == mounts
    assert POINT not in mounts
    again = own_server(data_dir=first.data_dir)
    assert write(mounting(again, ARN), "three")[:2] == ["done", ["one", "three", "two"]]
    folder = first.data_dir / "efs" / POINT
    assert sorted(path.name for path in folder.iterdir()) == ["one", "three", "two"]


def test_a_folder_of_one_s_own_stands_for_it(own_server: Begin, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o777)
    theirs.chmod(0o777)
    (theirs / "before").write_text("x")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    server = own_server(env={"LAMBENT_FILE_SYSTEMS": f"{ARN}={theirs},{OTHER}={closed}"})
    assert write(mounting(server, ARN), "new")[:2] == ["done", ["before", "new"]]
    assert (theirs / "new").exists()
    assert codes(server) == set()
    mounting(server, OTHER, "g")
    others = os.geteuid() == 0  # else it is the server's own user's, as whom functions write
    assert codes(server) == ({"file-system-not-writable"} if others else set())


def test_level_process_says_that_nothing_is_mounted(own_server: Begin) -> None:
    server = own_server("--isolation", "process")
    client = mounting(server, ARN)
    assert codes(server) == {"stored-only/file-system"}
    assert write(client, "one", until=0)[:2] == ["ENOENT", []]
