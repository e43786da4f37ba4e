"""What a function sees of its machine is what it would see on AWS, as root and as an ordinary user."""

import json
import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import ROLE, RUNTIME, Server, start
from tests.e2e.lambda_.test_runtimes_and_layers import zipped
from tests.e2e.user import as_user

CODE = """
import json, multiprocessing, os, resource, shutil, socket, subprocess, urllib.error, urllib.request
ADDRESS = "http://{}/2026-01-15/metadata/execution-environment".format(os.environ["AWS_LAMBDA_METADATA_API"])

def ask(token, method="GET"):
    request = urllib.request.Request(ADDRESS, method=method, headers={"Authorization": token} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=2) as answer:
            return [answer.status, json.load(answer), answer.headers["Cache-Control"], answer.headers["Content-Type"]]
    except urllib.error.HTTPError as error:
        return [error.code, error.read().decode()]

def metadata(event):
    token = os.environ["AWS_LAMBDA_METADATA_TOKEN"]
    return [ask(f"Bearer {token}"), ask("Bearer x"), ask(""), ask(f"Bearer {token}", "POST")]

def programs(event):
    return {name: shutil.which(name) for name in event["names"]}

def run(event):
    return subprocess.run(event["argv"], check=True, capture_output=True, text=True).stdout

def files(event):
    return {path: open(path).read() for path in event["paths"] if os.path.exists(path)}

def address(event):
    return [socket.gethostname(), socket.gethostbyname(socket.gethostname())]

def locks(event):
    found = []
    for make in (multiprocessing.Lock, multiprocessing.Queue, multiprocessing.Pool):
        try:
            make()
        except OSError as error:
            found.append([error.errno, str(error)])
    return found, os.path.exists("/dev/shm")

def limits(event):
    return [resource.getrlimit(resource.RLIMIT_CORE), resource.getrlimit(resource.RLIMIT_NPROC)]

def links(event):
    secret = "/var/task/secret"
    return sorted(os.listdir("/var/task/node_modules")), os.readlink(secret), os.path.exists(secret)

def handler(event, context):
    return globals()[event["do"]](event)
"""
RUN = ["gm", "ffmpeg", "git", "perl", "tar", "find", "which", "ps", "jq", "make", "gcc", "apt-get", "systemctl"]


@pytest.fixture(scope="module", params=["root", "user"])
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if request.param == "root" and os.getuid() != 0:
        pytest.skip("needs root")
    if request.param == "root":
        data, how = tmp_path_factory.mktemp("seen") / "data", {}
    else:
        home = request.getfixturevalue("user_home")
        data, how = home / "data-seen", as_user(home)
    server = start(data, "--isolation", "namespace", **how)
    client = server.client("lambda")
    layer = client.publish_layer_version(LayerName="l", Content={"ZipFile": zipped({"nodejs/node_modules/a.js": "x"})})
    secret = data.parent / "secret"
    secret.write_text("of the host")
    links = {"node_modules": "/opt/nodejs/node_modules", "secret": str(secret)}
    client.create_function(
        FunctionName="f", Runtime=RUNTIME, Handler="app.handler", Role=ROLE, Timeout=20, MemorySize=512,
        Code={"ZipFile": zipped({"app.py": CODE}, links)}, Layers=[layer["LayerVersionArn"]],
    )  # fmt: skip
    client.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 0.1, "MaxAttempts": 900})
    yield server
    assert server.stop() == 0, "".join(server.output)
    shutil.rmtree(data)


def ask(server: Server, do: str, **event: Any) -> Any:
    answer = server.client("lambda").invoke(FunctionName="f", Payload=json.dumps({"do": do, **event}))
    said = json.loads(answer["Payload"].read())
    return said if "FunctionError" not in answer else {"error": said}


def test_the_metadata_endpoint(seen: Server) -> None:
    right, wrong, none, posted = ask(seen, "metadata")
    assert right == [200, {"AvailabilityZoneID": "use1-az1"}, "private, max-age=43200, immutable", "application/json"]
    assert wrong == none == [401, "Unauthorized\n"]
    assert posted == [405, "Method Not Allowed\n"]


def test_programs_that_aws_has_not_are_not_found(seen: Server) -> None:
    found = ask(seen, "programs", names=RUN)
    assert found == dict.fromkeys(RUN), found
    found = ask(seen, "programs", names=["bash", "ls", "sed", "awk", "python3", "sh"])
    assert all(found.values()), found
    assert ask(seen, "run", argv=["/bin/bash", "-c", "echo x | awk '{print $1}' | sed s/x/y/"]) == "y\n"
    assert ask(seen, "run", argv=["python3", "-c", "print(1)"]) == "1\n"


def test_a_program_that_is_tried_is_a_finding(seen: Server) -> None:
    assert ask(seen, "run", argv=["tar", "--version"])["error"]["errorType"] == "FileNotFoundError"
    findings = [one for one in seen.page("findings")["findings"] if one["code"] == "host-program"]
    assert [one["resource"].rpartition(":")[2] for one in findings] == ["f"] and "tar" in findings[0]["message"]


def test_files_of_the_system_are_amazon_linuxs(seen: Server) -> None:
    paths = ["/etc/os-release", "/usr/lib/os-release", "/etc/system-release", "/lambda-entrypoint.sh"]
    leaks = ["/etc/machine-id", "/etc/hostname", "/etc/timezone", "/etc/debian_version", "/etc/issue", "/etc/fstab"]
    found = ask(seen, "files", paths=[*paths, *leaks])
    assert set(found) == set(paths)
    assert (
        'NAME="Amazon Linux"' in found["/etc/os-release"] and found["/etc/os-release"] == found["/usr/lib/os-release"]
    )
    assert ask(seen, "run", argv=["/bin/sh", "-c", "/lambda-entrypoint.sh || echo $?"]) == "142\n"


def test_the_own_name_is_the_own_address(seen: Server) -> None:
    name, address = ask(seen, "address")
    assert name == address and name.startswith("169.254.")


def test_shared_memory_and_limits_are_as_recorded(seen: Server) -> None:
    assert ask(seen, "locks") == [[[38, "[Errno 38] Function not implemented"]] * 3, False]
    core, processes = ask(seen, "limits")
    assert core == [10737418240] * 2 and processes == [742] * 2


def test_absolute_links_lead_inside_the_environment(seen: Server) -> None:
    assert ask(seen, "links") == [["a.js"], str(seen.data_dir.parent / "secret"), False]


def test_links_of_a_layer_are_never_followed_outside(seen: Server) -> None:
    """Extensions are looked for from outside, and so is a bootstrap: where a link leads on this machine is not told."""
    client = seen.client("lambda")
    host = seen.data_dir.parent / "extensions-of-the-host"
    host.mkdir(exist_ok=True)
    (host / "told").write_text("#!/bin/sh\n")
    layer = client.publish_layer_version(
        LayerName="m", Content={"ZipFile": zipped({"x": ""}, {"extensions": str(host)})}
    )
    client.create_function(
        FunctionName="g", Runtime=RUNTIME, Handler="app.handler", Role=ROLE, Timeout=20,
        Code={"ZipFile": zipped({"app.py": CODE})}, Layers=[layer["LayerVersionArn"]],
    )  # fmt: skip
    client.get_waiter("function_active_v2").wait(FunctionName="g", WaiterConfig={"Delay": 0.1, "MaxAttempts": 900})
    answer = client.invoke(FunctionName="g", Payload=json.dumps({"do": "address"}))
    assert "FunctionError" not in answer, answer["Payload"].read()
    shutil.rmtree(host)
