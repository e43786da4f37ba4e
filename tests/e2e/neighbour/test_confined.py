"""Code that gets into moto gets nowhere, nor does what it does for whoever asks."""

import hashlib
import http.client
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambent.server.confined import IDS
from tests.e2e.conftest import Server, start
from tests.sandbox import leaks

RUNS = "Resources: {{A: {{Type: !!python/object/apply:subprocess.getoutput ['touch {}']}}}}"
STACK = """
Parameters: {Name: {Type: String}}
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties: {BucketName: !Sub '${Name}-made'}
Outputs:
  Where: {Value: !GetAtt Bucket.Arn}
  Which: {Value: !Join ['/', [!Ref Bucket, x]]}
"""


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("create_stack", {"StackName": "s"}),
        ("create_change_set", {"StackName": "s", "ChangeSetName": "c", "ChangeSetType": "CREATE"}),
        ("validate_template", {}),
        ("get_template_summary", {}),
    ],
)
def test_a_template_runs_nothing(server: Server, tmp_path: Path, operation: str, more: dict[str, Any]) -> None:
    tmp_path.chmod(0o777)
    client = server.client("cloudformation")
    body = RUNS.format(tmp_path / "made")
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)(TemplateBody=body, **more)
    said = "Template format error: YAML not well-formed. (line 1, column 23)"
    assert caught.value.response["Error"]["Message"] == said
    assert caught.value.response["Error"]["Code"] == "ValidationError"
    assert not list(tmp_path.iterdir())


def test_a_template_with_functions_in_short_form_makes_a_stack(server: Server) -> None:
    client = server.client("cloudformation")
    parameters = [{"ParameterKey": "Name", "ParameterValue": "short"}]
    client.create_stack(StackName="short", TemplateBody=STACK, Parameters=parameters)
    client.get_waiter("stack_create_complete").wait(StackName="short", WaiterConfig={"Delay": 0.05})
    outputs = client.describe_stacks(StackName="short")["Stacks"][0]["Outputs"]
    assert {one["OutputKey"]: one["OutputValue"] for one in outputs} == {
        "Where": "arn:aws:s3:::short-made",
        "Which": "short-made/x",
    }


@pytest.fixture
def asked() -> Iterator[tuple[str, list[bytes]]]:
    """A server of this machine that nobody else shall reach: its URL and what it was sent."""
    got: list[bytes] = []
    door = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = door.accept()
            except OSError:
                return
            with connection:
                got.append(connection.recv(1000))

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{door.getsockname()[1]}/", got
    door.shutdown(socket.SHUT_RDWR)
    door.close()


def test_moto_reaches_no_address_and_says_so(server: Server, asked: tuple[str, list[bytes]]) -> None:
    url, got = asked
    sns = server.client("sns")
    topic = sns.create_topic(Name="outside")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=url)
    sns.publish(TopicArn=topic, Message="m")
    host = server.endpoint.removeprefix("http://")
    connection = http.client.HTTPConnection(host)
    connection.request("POST", "/moto-api/recorder/replay-recording", json.dumps({"target_host": url}))
    connection.getresponse().read()
    connection.close()
    told = {finding["resource"]: finding["message"] for finding in server.page("findings")["findings"]}
    assert "which the setting reach does not list" in told[url]
    assert got == []


def test_a_document_is_not_followed_to_a_file(server: Server, tmp_path: Path) -> None:
    """A file that is there and one that is not get the same answer."""
    (tmp_path / "one.json").write_text(json.dumps({"type": "nonsense"}))
    client = server.client("apigateway")
    said = []
    for name in ("one.json", "other.json"):
        schema = {"schema": {"$ref": f"file://{tmp_path}/{name}"}}
        answers = {"200": {"description": "d", "content": {"application/json": schema}}}
        paths = {"/x": {"get": {"responses": answers}}}
        body = json.dumps({"openapi": "3.0.0", "info": {"title": "t", "version": "1"}, "paths": paths})
        with pytest.raises(ClientError) as caught:
            client.import_rest_api(body=body.encode(), failOnWarnings=True)
        request_id = caught.value.response["ResponseMetadata"]["RequestId"]
        said.append(str(caught.value).replace(name, "NAME").replace(request_id, "ID"))
    assert said[0] == said[1]
    assert "nonsense" not in said[0]


def test_it_is_no_process_like_any_other(server: Server) -> None:
    """Where namespaces can be had, and the server is root's."""
    server.client("ssm").describe_parameters()
    health = server.page("health")
    isolation = health["isolation"]
    assert isolation["promises"]["confined_moto"]["kept"] == (isolation["level"] == "namespace")
    pid = health["neighbour"]["pid"]
    status = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line
    )
    assert (status["CapEff"], status["CapBnd"], status["NoNewPrivs"], status["Seccomp"]) == (
        "0" * 16,
        "0" * 16,
        "1",
        "2",
    )
    if isolation["level"] == "namespace" and os.getuid() == 0:
        assert status["Uid"].split() == [str(IDS[0])] * 4
        for kind in ("net", "pid", "mnt", "ipc", "uts"):
            assert os.readlink(f"/proc/{pid}/ns/{kind}") != os.readlink(f"/proc/self/ns/{kind}")


def test_nothing_of_it_outlives_a_killed_server(tmp_path: Path) -> None:
    server = start(tmp_path / "data")
    server.client("ssm").describe_parameters()
    status = server.page("health")["neighbour"]
    kept = leaks.descendants(server.process.pid)
    assert [line for line in kept if line.startswith(f"{status['pid']} ")]
    server.stop(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while any(_lives(int(line.split()[0])) for line in kept) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [line for line in kept if _lives(int(line.split()[0]))] == []
    assert not _lives(status["pid"])
    owner = hashlib.sha256(str(server.data_dir.resolve()).encode()).hexdigest()[:12]
    while (left := leaks.groups(f"{owner}m")) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert left == []


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
