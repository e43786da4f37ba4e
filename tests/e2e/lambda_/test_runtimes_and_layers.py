"""Every kind of runtime, layers and images through the API, as a client sees them."""

import base64
import io
import json
import re
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ROLE, Deploy, Server
from tests.e2e.runtimes.test_image import an_image
from tests.e2e.runtimes.test_opt import BOOTSTRAP


def zipped(files: dict[str, str], links: dict[str, str] | None = None) -> bytes:
    """A name that ends in `*` is executable; `links` are symbolic ones."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(name.rstrip("*"))
            info.external_attr = (0o755 if name.endswith("*") else 0o644) << 16
            archive.writestr(info, text)
        for name, target in (links or {}).items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, target)
    return buffer.getvalue()


@pytest.fixture
def client(server: Server) -> Any:
    return server.client("lambda")


def create(client: Any, name: str, code: dict[str, Any], **settings: Any) -> None:
    client.create_function(FunctionName=name, Role=ROLE, Code=code, **settings)
    waiter = client.get_waiter("function_active_v2")
    waiter.wait(FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 2000})


def invoke(client: Any, name: str, event: Any = None) -> tuple[Any, str, list[str]]:
    """The payload, the function error, and the log's lines without request ids and figures."""
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event).encode(), LogType="Tail")
    log = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "<id>", base64.b64decode(answer["LogResult"]).decode())
    return json.loads(answer["Payload"].read()), answer.get("FunctionError", ""), log.splitlines()


def test_a_custom_runtime(client: Any) -> None:
    create(client, "custom", {"ZipFile": zipped({"bootstrap*": BOOTSTRAP})}, Runtime="provided.al2023", Handler="x")
    answer, error, _ = invoke(client, "custom", {"a": 1})
    assert (answer, error) == ({"event": {"a": 1}, "cwd": "/var/task", "self": "/var/task/bootstrap"}, "")
    client.delete_function(FunctionName="custom")


def test_a_package_without_a_bootstrap(client: Any) -> None:
    create(client, "no-boot", {"ZipFile": zipped({"x": ""})}, Runtime="provided.al2", Handler="x")
    answer, error, log = invoke(client, "no-boot")
    reason = "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
    assert error == "Unhandled"
    assert answer["errorType"] == "Runtime.InvalidEntrypoint"
    assert re.sub(r"RequestId: \S+", "RequestId: <id>", answer["errorMessage"]) == f"RequestId: <id> Error: {reason}"
    assert f"RequestId: <id> Error: {reason}" in log
    assert log.index(f"RequestId: <id> Error: {reason}") > log.index("START RequestId: <id> Version: $LATEST")
    assert log[-2 if not log[-1] else -1].endswith("Status: error\tError Type: Runtime.InvalidEntrypoint")
    client.delete_function(FunctionName="no-boot")


def test_a_node_function_logs_as_on_aws(client: Any) -> None:
    code = "exports.handler = async (event) => { console.log(event); return {}; };"
    create(client, "node", {"ZipFile": zipped({"index.js": code})}, Runtime="nodejs22.x", Handler="index.handler")
    answer, error, log = invoke(client, "node", {})
    assert (answer, error) == ({}, "")
    assert log[0] == "START RequestId: <id> Version: $LATEST"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t<id>\tINFO\t\{\}", log[1])
    assert log[2] == "END RequestId: <id>"
    client.delete_function(FunctionName="node")


def test_layers_of_the_api_are_in_opt(client: Any, deploy: Deploy) -> None:
    def publish(name: str, files: dict[str, str]) -> str:
        arn: str = client.publish_layer_version(LayerName=name, Content={"ZipFile": zipped(files)})["LayerVersionArn"]
        return arn

    first = publish(
        "first", {"python/where.py": "WHERE = 1", "python/only.py": "ONLY = 1", "bin/say*": "#!/bin/sh\necho hi"}
    )
    second = publish("second", {"python/where.py": "WHERE = 2"})
    code = (
        "import subprocess, where, only\n"
        "def handler(e, c): return [where.WHERE, only.ONLY, subprocess.check_output(['say'], text=True)]"
    )
    name = deploy(code, Layers=[first, second])
    assert invoke(client, name)[0] == [2, 1, "hi\n"]
    client.update_function_configuration(FunctionName=name, Layers=[second, first])
    client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 200})
    assert invoke(client, name)[0] == [1, 1, "hi\n"]


def test_a_function_from_an_image(client: Any, tmp_path: Path) -> None:
    uri, digest = an_image(tmp_path)
    create(client, "image", {"ImageUri": uri}, PackageType="Image", ImageConfig={"Command": ["own"]})
    answer, error, _ = invoke(client, "image", [1])
    assert error == ""
    assert (answer["event"], answer["arguments"], answer["cwd"]) == ([1], "own", "/work")
    assert client.get_function_configuration(FunctionName="image")["CodeSha256"] == digest
    client.delete_function(FunctionName="image")


def test_an_image_that_is_not_there(client: Any, tmp_path: Path) -> None:
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="Source image oci:/none is not valid"):
        create(client, "none", {"ImageUri": "oci:/none"}, PackageType="Image")


@pytest.mark.parametrize(
    ("runtime", "text"),
    [
        ("java21", "Lambent does not run it; use a container image or provided.al2023"),
        ("nodejs14.x", "The runtime parameter of nodejs14.x is no longer supported for creating or updating"),
        ("cobol", "Value cobol at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: ["),
    ],
)
def test_runtimes_that_are_refused(client: Any, runtime: str, text: str) -> None:
    with pytest.raises(client.exceptions.InvalidParameterValueException) as refused:
        create(client, "no", {"ZipFile": zipped({"x": ""})}, Runtime=runtime, Handler="x.y")
    assert text in str(refused.value)
