"""SnapStart for Python: initialised once at publish, restored many times, with AWS's runtime client and hooks."""

import base64
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import ROLE, Deploy, Server, package, start
from tests.e2e.test_leaks import cgroups, descendants, name_of

SNAP = {"Runtime": "python3.13", "SnapStart": {"ApplyOn": "PublishedVersions"}}
HERE = {"LAMBENT_RUNTIME_MAP": f"python3.13=3.{sys.version_info.minor}"}
"""AWS has SnapStart from python3.12 on; it works on any interpreter here."""
WAIT = {"Delay": 0.05, "MaxAttempts": 600}

UNIQUE = """
import boto3, os, random, secrets, ssl, tempfile, time, uuid
from snapshot_restore_py import register_after_restore, register_before_snapshot

time.sleep(2)
INITIALISED = uuid.uuid4().hex
RAN = []
register_before_snapshot(lambda: RAN.append("before"))
register_after_restore(lambda: RAN.append("after"))
session = boto3.Session()
S3 = session.client("s3")
S3.list_buckets()
AT_INIT = session.get_credentials().access_key
with open("/tmp/at-init", "w") as file:
    file.write("kept")

def handler(event, context):
    time.sleep(event.get("sleep", 0))
    S3.list_buckets()
    return {
        "initialised": INITIALISED,
        "hooks": RAN,
        "type": os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"],
        "tmp": open("/tmp/at-init").read(),
        "keys": [AT_INIT, session.get_credentials().access_key],
        "drawn": [random.random(), uuid.uuid4().hex, secrets.token_hex(), ssl.RAND_bytes(8).hex(), tempfile.mktemp()],
        "stream": context.log_stream_name,
        "version": context.function_version,
    }
"""


CONFINED = """
import os

def handler(event, context):
    status = dict(line.split(":\\t") for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
    try:
        wrote = open("/var/task/x", "w").name
    except OSError as error:
        wrote = error.strerror
    return [os.getuid(), status["CapEff"], status["Seccomp"], wrote, [p for p in os.listdir("/proc") if p.isdigit()]]
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """In the place of the one that all tests share."""
    running = start(tmp_path_factory.mktemp("data"), env=HERE)
    yield running
    assert running.stop() == 0, "".join(running.output)


def tail_of(answer: dict[str, Any]) -> str:
    return base64.b64decode(answer["LogResult"]).decode()


def lines(server: Server, group: str) -> list[str]:
    """Every line of a log group."""
    found = server.client("logs").filter_log_events(logGroupName=group)
    return [event["message"] for event in found["events"]]


def until(ask: Callable[[], list[str]], good: Callable[[list[str]], bool]) -> list[str]:
    """What `ask` answers as soon as that is good."""
    deadline = time.monotonic() + 60
    while not good(said := ask()):
        assert time.monotonic() < deadline, said
        time.sleep(0.05)
    return said


def publish(client: Any, name: str) -> dict[str, Any]:
    """The first version, when it is no longer pending."""
    assert client.publish_version(FunctionName=name)["State"] == "Pending"
    deadline = time.monotonic() + 60
    while (found := client.get_function_configuration(FunctionName=name, Qualifier="1"))["State"] == "Pending":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return dict(found)


def snapshots(server: Server) -> set[str]:
    """The zygotes that are there, and the control groups of snapshots, which are some of them."""
    zygotes = {str(pid) for pid in descendants(server.process.pid) if name_of(pid) == "lambent-zygote"}
    return zygotes | {group for group in cgroups(server.data_dir) if "-snapshot-" in group}


def ask(client: Any, name: str, payload: Any, qualifier: str = "1") -> Any:
    answer = client.invoke(FunctionName=name, Qualifier=qualifier, Payload=json.dumps(payload))
    body = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, body
    return body


def test_environments_go_on_from_one_initialisation_and_differ_where_they_must(server: Server, deploy: Deploy) -> None:
    client = server.client("lambda")
    name = deploy(UNIQUE, **SNAP, Timeout=20, MemorySize=256)
    version = publish(client, name)
    assert (version["State"], version["SnapStart"]["OptimizationStatus"]) == ("Active", "On"), version
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda _: ask(client, name, {"sleep": 0.4}), range(4)))
    assert len({one["stream"] for one in said}) == 4, "four environments at once"
    assert len({one["initialised"] for one in said}) == 1
    for one in said:
        assert (one["type"], one["version"], one["tmp"]) == ("snap-start", "1", "kept")
        assert one["hooks"] == ["before", "after"]
        assert one["keys"][0] != one["keys"][1]
    for drawn in zip(*(one["drawn"] for one in said), strict=True):
        assert len(set(drawn)) == 4, drawn
    assert len({one["keys"][1] for one in said}) == 4


def test_latest_has_no_snapshot(server: Server, deploy: Deploy) -> None:
    name = deploy("import os\ndef handler(e, c):\n    return os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']\n", **SNAP)
    assert ask(server.client("lambda"), name, {}, "$LATEST") == "on-demand"


def test_code_that_can_t_be_forked_runs_all_the_same_and_says_why(server: Server, deploy: Deploy) -> None:
    client = server.client("lambda")
    name = deploy(
        "import os, threading\n"
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "def handler(e, c):\n    return os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']\n",
        **SNAP,
    )
    assert publish(client, name)["State"] == "Active"
    assert ask(client, name, {}) == "on-demand"
    found = [one for one in server.page("findings")["findings"] if one["code"] == "snapstart-plain-init"]
    assert any(f":{name}:1" in one["resource"] and "1 thread running" in one["message"] for one in found), found


def test_an_initialisation_that_fails_fails_the_version(server: Server, deploy: Deploy) -> None:
    client = server.client("lambda")
    name = deploy("raise ValueError('not today')\ndef handler(e, c):\n    return 1\n", **SNAP)
    version = publish(client, name)
    assert version["State"] == "Failed", version
    assert version["StateReasonCode"] == "FunctionError.RuntimeInitError"
    assert "Runtime.ValueError" in version["StateReason"]
    with pytest.raises(ClientError) as refused:
        client.invoke(FunctionName=name, Qualifier="1")
    assert refused.value.response["Error"]["Code"] == "ResourceConflictException"


def test_a_restored_environment_is_as_confined_as_any_other(server: Server, deploy: Deploy) -> None:
    client = server.client("lambda")
    name = deploy(CONFINED, **SNAP)
    assert publish(client, name)["State"] == "Active"
    said = ask(client, name, {})
    assert said[:4] == [993, "0000000000000000", "2", "Read-only file system"], said
    assert len(said[4]) == 2, "the keeper and the runtime"


def test_snapshots_are_made_again_after_a_restart(own_server: Any, tmp_path: Any) -> None:
    first = own_server(env=HERE)
    client = first.client("lambda")
    code = "import uuid\nI = uuid.uuid4().hex\ndef handler(e, c):\n    return I\n"
    client.create_function(
        FunctionName="again",
        Handler="app.handler",
        Role=ROLE,
        Code={"ZipFile": package({"app.py": code})},
        **SNAP,
    )
    client.get_waiter("function_active_v2").wait(FunctionName="again", WaiterConfig=WAIT)
    publish(client, "again")
    before = ask(client, "again", {})
    assert first.stop() == 0
    client = own_server(env=HERE).client("lambda")
    after = ask(client, "again", {})
    assert before != after


def test_a_deleted_version_takes_its_snapshot_with_it_after_the_last_invocation(server: Server, deploy: Deploy) -> None:
    client = server.client("lambda")
    name = deploy("import time\ndef handler(e, c):\n    print('on')\n    time.sleep(1)\n    return 'done'\n", **SNAP)
    before = snapshots(server)
    assert publish(client, name)["State"] == "Active"
    taken = snapshots(server) - before
    assert taken
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(ask, client, name, {})
        until(lambda: lines(server, f"/aws/lambda/{name}"), lambda said: "on\n" in said)
        client.delete_function(FunctionName=name, Qualifier="1")
        assert running.result() == "done"
    deadline = time.monotonic() + 20
    while taken & snapshots(server):
        assert time.monotonic() < deadline, taken
        time.sleep(0.05)


def test_the_log_tells_of_the_restore(server: Server, deploy: Deploy) -> None:
    client = server.client("lambda")
    name = deploy("def handler(e, c):\n    return 1\n", **SNAP)
    assert publish(client, name)["State"] == "Active"
    answer = client.invoke(FunctionName=name, Qualifier="1", LogType="Tail")
    report = next(line for line in tail_of(answer).splitlines() if line.startswith("REPORT"))
    assert re.search(r"\tRestore Duration: \d+\.\d\d ms\tBilled Restore Duration: \d+ ms", report), report
    assert "Init Duration" not in report
    group = f"/aws/lambda/{name}"
    events = until(lambda: lines(server, group), lambda said: any("RESTORE_REPORT" in one for one in said))
    kinds = [one.split()[0] for one in events if not one.startswith(("START", "END", "REPORT"))]
    assert sorted(kinds) == ["INIT_START", "RESTORE_REPORT", "RESTORE_START"], events
    answer = client.invoke(FunctionName=name, Qualifier="1", LogType="Tail")
    assert "Restore Duration" not in tail_of(answer)


def test_an_after_restore_hook_that_fails_is_the_invocation_s_error(server: Server, deploy: Deploy) -> None:
    client = server.client("lambda")
    name = deploy(
        "from snapshot_restore_py import register_after_restore\n"
        "def hook():\n    raise RuntimeError('no')\n"
        "register_after_restore(hook)\n"
        "def handler(e, c):\n    return 1\n",
        **SNAP,
    )
    assert publish(client, name)["State"] == "Active"
    with pytest.raises(client.exceptions.SnapStartException):
        client.invoke(FunctionName=name, Qualifier="1")


def test_after_a_crash_the_environment_goes_on_from_the_snapshot_again(server: Server, deploy: Deploy) -> None:
    client = server.client("lambda")
    name = deploy(
        "import os, uuid\nI = uuid.uuid4().hex\nN = []\n"
        "def handler(e, c):\n    N.append(1)\n    if e.get('crash'):\n        os._exit(3)\n    return [I, len(N)]\n",
        **SNAP,
    )
    assert publish(client, name)["State"] == "Active"
    first = ask(client, name, {})
    assert ask(client, name, {}) == [first[0], 2]
    assert client.invoke(FunctionName=name, Qualifier="1", Payload=b'{"crash": 1}')["FunctionError"] == "Unhandled"
    assert ask(client, name, {}) == [first[0], 1]
