"""A published client of these APIs, unmodified: lambda-otel-lite, an internal extension from PyPI.

In its mode "async" it registers for INVOKE, and writes the spans of an invocation after the response.
"""

import io
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

from lambent.runtimes import interpreters
from tests.e2e.conftest import Deploy, Server
from tests.e2e.runtimes.harness import CACHE

VERSIONS = [one for one in interpreters.find() if one in ("3.12", "3.13", "3.14")]
CODE = """
from lambda_otel_lite import create_traced_handler, init_telemetry

tracer, completion = init_telemetry()
traced = create_traced_handler(name="traced-handler", completion_handler=completion)

@traced
def handler(event, context):
    with tracer.start_as_current_span("inner"):
        print("the handler prints")
    return {"ok": True}
"""


def client_for(version: str) -> Path:
    """The client with all that it needs, installed once into the tests' cache."""
    folder = CACHE / "clients" / f"py{version}" / "lambda-otel-lite"
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=folder.parent))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", str(fresh)]
    # Older pips hold what a package requires against their own interpreter.
    for_version = ["--python-version", version, "--only-binary=:all:", "--no-compile", "--ignore-requires-python"]
    subprocess.run([*command, *for_version, "lambda-otel-lite>=0.15,<1"], check=True, timeout=100)
    try:
        fresh.rename(folder)
    except OSError:  # another run was faster
        shutil.rmtree(fresh)
    return folder


def layer(server: Server, folder: Path) -> str:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and file.suffix != ".pyc":
                archive.write(file, f"python/{file.relative_to(folder)}")
    content = {"ZipFile": buffer.getvalue()}
    published = server.client("lambda").publish_layer_version(LayerName="otel-lite", Content=content)
    return str(published["LayerVersionArn"])


@pytest.mark.skipif(not VERSIONS, reason="lambda-otel-lite needs Python 3.12, which this machine lacks")
def test_an_internal_extension_from_pypi_works_after_the_response(server: Server, deploy: Deploy) -> None:
    version = VERSIONS[0]
    name = deploy(
        CODE,
        Runtime=f"python{version}",
        Layers=[layer(server, client_for(version))],
        Environment={"Variables": {"LAMBDA_EXTENSION_SPAN_PROCESSOR_MODE": "async"}},
        MemorySize=1024,
        Timeout=20,
    )
    client, logs = server.client("lambda"), server.client("logs")
    for _ in range(2):
        answer = client.invoke(FunctionName=name)
        assert json.loads(answer["Payload"].read()) == {"ok": True}, answer
    events = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    lines = [event["message"] for event in events]
    assert any(line.startswith("EXTENSION\tName: internal\t") for line in lines), lines
    spans = [json.loads(line) for line in lines if line.startswith("{") and "__otel_otlp_stdout" in line]
    assert spans, lines
    order = [line.split(" ")[0] for line in lines if line.startswith(("START", "END", "REPORT", '{"__otel'))]
    first = next(index for index, word in enumerate(order) if word.startswith("{"))
    assert order[:first] == ["START"]
    assert order[first + 1 : first + 3] == ["END", "REPORT"]
