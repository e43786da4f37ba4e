"""The server as an ordinary user: the same isolation where user namespaces are allowed, and level process."""

import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import ROLE, Server, package, start
from tests.e2e.lambda_.test_runtimes_and_layers import create, invoke, zipped
from tests.e2e.runtimes.test_image import an_image
from tests.e2e.runtimes.test_opt import BOOTSTRAP
from tests.e2e.user import UID, as_user

CODE = """
import os, socket, subprocess
def handler(event, context):
    seen = {"uid": os.getuid(), "pids": len([n for n in os.listdir("/proc") if n.isdigit()])}
    try:
        open("/var/task/x", "w")
    except OSError as error:
        seen["write"] = error.errno
    seen["tmp"] = os.statvfs("/tmp").f_blocks * os.statvfs("/tmp").f_frsize
    with open("/proc/self/status") as status:
        seen["caps"] = [line.split()[1] for line in status if line.startswith("CapEff")][0]
    return seen
"""


@pytest.fixture(params=["namespace", "process"])
def unprivileged(request: pytest.FixtureRequest, user_home: Path) -> Iterator[Server]:
    """A server of an ordinary user."""
    data = user_home / f"data-{request.param}"
    server = start(data, "--isolation", request.param, **as_user(user_home))
    yield server
    assert server.stop() == 0, "".join(server.output)
    shutil.rmtree(data)


def other_kinds(server: Server, namespaced: bool) -> None:
    """A custom runtime of a layer, over another one; and where the root can be changed, a container image."""
    client = server.client("lambda")
    text = BOOTSTRAP.replace("/bin/sh", "/bin/bash")
    arns = [
        client.publish_layer_version(LayerName=name, Content={"ZipFile": zipped(files)})["LayerVersionArn"]
        for name, files in {"runtime": {"bootstrap*": text, "x": "1"}, "other": {"x": "2"}}.items()
    ]
    code = {"ZipFile": zipped({"x": ""})}
    create(client, "own", code, Runtime="provided.al2023", Handler="x", Layers=arns)
    assert invoke(client, "own", [1])[0]["event"] == [1]
    if namespaced:
        uri, _ = an_image(server.data_dir.parent)
        create(client, "image", {"ImageUri": uri}, PackageType="Image")
        assert invoke(client, "image", [2])[0]["event"] == [2]
    else:
        with pytest.raises(client.exceptions.ClientError, match="level of isolation process"):
            create(client, "image", {"ImageUri": "oci:/x"}, PackageType="Image")


def test_an_ordinary_user_runs_functions(unprivileged: Server) -> None:
    client = unprivileged.client("lambda")
    version = f"python3.{sys.version_info.minor}"
    client.create_function(
        FunctionName="f", Runtime=version, Handler="app.handler", Role=ROLE, Timeout=20,
        Code={"ZipFile": package({"app.py": CODE})},
    )  # fmt: skip
    client.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 0.1, "MaxAttempts": 900})
    answer = client.invoke(FunctionName="f", LogType="Tail")
    seen = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, seen
    assert int(seen["caps"], 16) == 0
    namespaced = "isolation: namespace" in "".join(unprivileged.output)
    unprivileged.client("s3").create_bucket(Bucket="of-a-user")  # moto is confined and answers
    assert unprivileged.page("health")["isolation"]["promises"]["confined_moto"]["kept"] == namespaced
    assert ("confined moto" in "".join(unprivileged.output)) != namespaced  # what `up` says is not kept
    if namespaced:
        assert seen["uid"] == 993
        assert seen["pids"] <= 3
        assert seen["write"] == 30  # EROFS
        assert seen["tmp"] == 512 << 20
    else:
        assert seen["uid"] == (UID if os.getuid() == 0 else os.getuid())
    for _ in range(5):
        assert "FunctionError" not in client.invoke(FunctionName="f")
    other_kinds(unprivileged, namespaced)
    time.sleep(0.1)
