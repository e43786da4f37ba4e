"""The server as an ordinary user: the same isolation where user namespaces are allowed, and level process."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ROLE, Server, package, start
from tests.e2e.lambda_.test_runtimes_and_layers import create, invoke, zipped
from tests.e2e.runtimes.test_image import an_image
from tests.e2e.runtimes.test_opt import BOOTSTRAP

UID = 65534
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


def interpreter() -> Path:
    """A Python of this minor version that any user can read."""
    name = f"python3.{sys.version_info.minor}"
    for candidate in (Path(sys.base_prefix) / "bin" / name, Path("/usr/bin") / name, Path("/usr/local/bin") / name):
        if candidate.exists() and readable(candidate.resolve()):
            return candidate
    raise AssertionError(f"no {name} that an ordinary user can read")


def readable(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in path.parents) and bool(path.stat().st_mode & 0o001)


def as_user(home: Path) -> dict[str, Any]:
    """How `start` starts a server of an ordinary user, at home in `home`: this one, or nobody when this one is root."""
    environment = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "PATH": "/usr/bin:/bin"}
    if os.getuid() != 0:
        return {"env": environment}
    site = next(path for path in sys.path if path.endswith("site-packages"))
    packages = home / "packages"
    subprocess.run(["cp", "-r", "--reflink=auto", site, str(packages)], check=True)
    source = Path(__file__).parents[2] / "src"
    shutil.copytree(source / "lambent", packages / "lambent", ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(["chmod", "-R", "a+rX", str(packages)], check=True)
    os.chown(home, UID, UID)
    environment |= {"PYTHONPATH": str(packages), "PYTHONDONTWRITEBYTECODE": "1"}
    drop = ("setpriv", "--reuid", str(UID), "--regid", str(UID), "--clear-groups", str(interpreter()))
    return {"env": environment, "prefix": drop}


@pytest.fixture(params=["namespace", "process"])
def unprivileged(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A server of an ordinary user."""
    home = Path("/tmp") / f"lambent-user-{os.getpid()}-{request.param}"
    home.mkdir(mode=0o755)
    server = start(home / "data", "--isolation", request.param, **as_user(home))
    yield server
    assert server.stop() == 0, "".join(server.output)
    shutil.rmtree(home)


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
