"""A real external extension, in a layer, that subscribes to telemetry."""

import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Deploy, Server

EXTENSION = f"#!/usr/bin/env python3\n{(Path(__file__).parent / 'subscriber.py').read_text('utf-8')}"
HANDLER = """
import os, pathlib

def handler(event, context):
    print("the function says", event)
    file = pathlib.Path(os.environ["SUBSCRIBER_FILE"])
    return file.read_text() if file.exists() else ""
"""
TELEMETRY = {
    "schemaVersion": "2022-12-13",
    "types": ["platform", "function", "extension"],
    "buffering": {"timeoutMs": 25},
    "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:8080/"},
}
LOGS = {**TELEMETRY, "schemaVersion": "2021-03-18", "buffering": {"timeoutMs": 30_000}}
"""What waits so long goes before the environment is frozen."""
TCP = {**TELEMETRY, "destination": {"protocol": "TCP", "port": 8081}}


@pytest.fixture(scope="module")
def layer(server: Server) -> str:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("extensions/subscriber")
        info.external_attr = 0o755 << 16
        archive.writestr(info, EXTENSION)
    content = {"ZipFile": buffer.getvalue()}
    published = server.client("lambda").publish_layer_version(LayerName="subscriber", Content=content)
    return str(published["LayerVersionArn"])


def deployed(deploy: Deploy, layer: str, path: str, body: dict[str, Any], code: str = HANDLER, **options: Any) -> str:
    variables = {
        "SUBSCRIBER_PATH": path,
        "SUBSCRIBER_BODY": json.dumps(body),
        "SUBSCRIBER_FILE": "/tmp/records",
    }
    return deploy(code, Layers=[layer], Environment={"Variables": variables}, **options)


def told(server: Server, name: str, last: str) -> list[dict[str, Any]]:
    """Invoke until the subscriber has been told of the end of the first invocation; all that it was told.

    The function has one environment: who asks before its extension is back would get another one, as on AWS.
    """
    client = server.client("lambda")
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    first, records = "", []
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            answer = client.invoke(FunctionName=name, Payload=json.dumps(1 if first else 0))
        except client.exceptions.TooManyRequestsException:
            time.sleep(0.02)
            continue
        first = first or answer["ResponseMetadata"]["RequestId"]
        text = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, text
        records = [record for line in text.splitlines() for record in json.loads(line)]
        if any(one["type"] == last and one["record"]["requestId"] == first for one in records):
            return records
        time.sleep(0.02)
    raise AssertionError(f"no {last}: {records}")


def test_telemetry_over_http(server: Server, deploy: Deploy, layer: str) -> None:
    name = deployed(deploy, layer, "/2022-07-01/telemetry", TELEMETRY)
    records = told(server, name, "platform.report")
    kinds = [record["type"] for record in records]
    of_init = ["platform.initStart", "platform.telemetrySubscription"]
    assert kinds[:2] == of_init
    for kind in ("extension", "function", "platform.extension", "platform.initRuntimeDone", "platform.initReport"):
        assert kind in kinds, kind
    assert kinds.index("platform.start") < kinds.index("function") < kinds.index("platform.runtimeDone")
    by_kind = {record["type"]: record["record"] for record in reversed(records)}
    assert by_kind["function"] == "the function says 0\n"
    assert by_kind["extension"] == "subscribed: OK\n"
    assert by_kind["platform.extension"] == {
        "name": "subscriber",
        "state": "Ready",
        "events": ["INVOKE", "SHUTDOWN"],
    }
    assert by_kind["platform.telemetrySubscription"] == {
        "name": "subscriber",
        "state": "Subscribed",
        "types": ["platform", "function", "extension"],
    }
    assert by_kind["platform.initReport"]["status"] == "success"
    done = by_kind["platform.runtimeDone"]
    assert done["status"] == "success"
    assert done["metrics"]["producedBytes"] == 2
    assert [span["name"] for span in done["spans"]] == ["responseLatency", "responseDuration", "runtimeOverhead"]
    report = by_kind["platform.report"]
    assert report["metrics"]["initDurationMs"] > 0


def test_the_logs_api_over_http(server: Server, deploy: Deploy, layer: str) -> None:
    name = deployed(deploy, layer, "/2020-08-15/logs", LOGS)
    records = told(server, name, "platform.report")
    kinds = [record["type"] for record in records]
    assert kinds[0] == "platform.logsSubscription"
    assert not [kind for kind in kinds if "init" in kind]
    for kind in ("platform.start", "platform.runtimeDone", "platform.end", "platform.report", "platform.extension"):
        assert kind in kinds, kind


def test_telemetry_over_tcp_of_a_function_that_logs_in_json(server: Server, deploy: Deploy, layer: str) -> None:
    logging = {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "WARN"}
    code = "import logging\n" + HANDLER.replace("print(", "logging.getLogger().warning(").replace("says", "says %s")
    name = deployed(deploy, layer, "/2022-07-01/telemetry", TCP, code, LoggingConfig=logging)
    records = told(server, name, "platform.report")
    kinds = {record["type"] for record in records}
    assert {"platform.initStart", "platform.start", "platform.report", "extension"} <= kinds
    line = next(record["record"] for record in records if record["type"] == "function")
    assert (line["level"], line["message"]) == ("WARNING", "the function says 0")
    assert "requestId" in line


def test_all_of_it_is_in_one_log_stream_of_the_environment(server: Server, deploy: Deploy, layer: str) -> None:
    name = deployed(deploy, layer, "/2022-07-01/telemetry", TELEMETRY)
    told(server, name, "platform.report")
    logs = server.client("logs")
    group = f"/aws/lambda/{name}"
    streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
    assert len(streams) == 1
    events = logs.get_log_events(logGroupName=group, logStreamName=streams[0]["logStreamName"], startFromHead=True)
    lines = [event["message"] for event in events["events"]]
    for begins in ("INIT_START ", "TELEMETRY\tName: subscriber\t", "subscribed: OK", "EXTENSION\tName: subscriber\t"):
        assert any(line.startswith(begins) for line in lines), (begins, lines)
    assert [line.split(" ")[0] for line in lines if line.startswith(("START ", "END ", "REPORT "))][:3] == [
        "START",
        "END",
        "REPORT",
    ]
