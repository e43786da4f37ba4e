"""Logs as configured, and a function that floods them."""

import json
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import Deploy, Server

CODE = """
import json, logging
log = logging.getLogger()
def handler(event, context):
    log.debug("debug")
    log.info("info")
    log.warning("warning")
    now = {"timestamp": "2024-11-02T16:51:31.587199Z"}
    print(json.dumps({"level": "debug", "message": "printed debug", **now}))
    print(json.dumps({"level": "error", "message": "printed error", **now}))
    print(json.dumps({"level": "error", "message": "of no time"}))
    print("plain")
    if event == "fail":
        raise ValueError("no")
"""
FLOOD = """
import os, time
def handler(event, context):
    block = b"".join(b"%098d\\n" % number for number in range(40))
    end = time.monotonic() + 1.5
    written = 0
    while time.monotonic() < end or written < 64 << 20:
        written += os.write(1, block)
    return written
"""
"""More than is kept of a flood, however slow the machine is just then (`observe/flood.py`)."""


def seconds(call: Callable[[], Any]) -> float:
    """How long a call takes."""
    before = time.monotonic()
    call()
    return time.monotonic() - before


def events(server: Server, group: str) -> list[str]:
    found = server.client("logs").filter_log_events(logGroupName=group)["events"]
    return [event["message"] for event in found]


def messages(lines: list[str]) -> list[str]:
    """What the function said: messages of JSON lines, and lines as they are."""
    said = []
    for line in lines:
        members = json.loads(line) if line.startswith("{") else {"message": line.strip()}
        if "type" not in members:
            said.append(members["message"])
    return said


def kinds(lines: list[str]) -> list[str]:
    """The kinds of platform events."""
    found = [json.loads(line) for line in lines if line.startswith("{")]
    return [one["type"].removeprefix("platform.") for one in found if "type" in one]


@pytest.mark.parametrize(
    ("application", "system", "said", "reported"),
    [
        ("DEBUG", "DEBUG", "all", ["initStart", "initRuntimeDone", "initReport", "start", "runtimeDone", "report"]),
        ("INFO", "INFO", ["info", "warning", "printed error", "of no time", "plain"], ["initStart", "start", "report"]),
        ("WARN", "WARN", ["warning", "printed error"], []),
        ("FATAL", "WARN", [], []),
    ],
)
def test_levels_of_json_logs(
    server: Server, deploy: Deploy, application: str, system: str, said: Any, reported: list[str]
) -> None:
    if said == "all":
        said = ["debug", "info", "warning", "printed debug", "printed error", "of no time", "plain"]
    group = f"shared/{application}-{system}"
    name = deploy(
        CODE,
        LoggingConfig={
            "LogFormat": "JSON",
            "ApplicationLogLevel": application,
            "SystemLogLevel": system,
            "LogGroup": group,
        },
    )
    answer = server.client("lambda").invoke(FunctionName=name)
    assert "FunctionError" not in answer
    logs = server.client("logs")
    try:
        lines = events(server, group)
    except logs.exceptions.ResourceNotFoundException:
        lines = []  # nothing was worth a line
    assert [one for one in messages(lines) if not one.startswith("{")] == said
    assert kinds(lines) == reported
    if lines:
        (stream,) = logs.describe_log_streams(logGroupName=group)["logStreams"]
        assert f"/{name}[$LATEST]" in stream["logStreamName"]
    groups = logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"]
    assert groups == []


def test_a_record_in_json_says_what_text_says(server: Server, deploy: Deploy) -> None:
    name = deploy(CODE, LoggingConfig={"LogFormat": "JSON", "SystemLogLevel": "DEBUG"})
    request_id = server.client("lambda").invoke(FunctionName=name)["ResponseMetadata"]["RequestId"]
    lines = [json.loads(line) for line in events(server, f"/aws/lambda/{name}") if line.startswith("{")]
    records = {line["type"]: line["record"] for line in lines if "type" in line}
    assert records["platform.start"] == {"requestId": request_id, "version": "$LATEST"}
    assert records["platform.initStart"]["functionName"] == name
    assert records["platform.initStart"]["instanceId"].split("/")[-1].startswith("[$LATEST]")
    assert records["platform.runtimeDone"]["metrics"]["producedBytes"] == 4
    report = records["platform.report"]
    assert list(report) == ["requestId", "metrics", "status"]
    assert report["metrics"]["billedDurationMs"] >= report["metrics"]["initDurationMs"]


def test_a_timeout_in_json_is_a_status(server: Server, deploy: Deploy) -> None:
    code = "import time\ndef handler(event, context): time.sleep(30)\n"
    name = deploy(code, Timeout=1, LoggingConfig={"LogFormat": "JSON"})
    assert server.client("lambda").invoke(FunctionName=name)["FunctionError"] == "Unhandled"
    lines = [json.loads(line) for line in events(server, f"/aws/lambda/{name}")]
    statuses = {line["type"]: line["record"].get("status") for line in lines}
    assert statuses["platform.runtimeDone"] == statuses["platform.report"] == "timeout"


def test_a_flood_of_log_lines_harms_nobody(server: Server, deploy: Deploy) -> None:
    flooding = deploy(FLOOD, Timeout=120, MemorySize=1769)
    other = deploy("def handler(event, context): return 1\n")
    client = server.client("lambda")
    quiet = sorted(seconds(lambda: client.invoke(FunctionName=other)) for _ in range(21))[10]
    written: list[int] = []

    def flood() -> None:
        answer = server.client("lambda").invoke(FunctionName=flooding)
        written.append(json.loads(answer["Payload"].read()))

    thread = threading.Thread(target=flood)
    thread.start()
    took = []
    while thread.is_alive():
        took.append(seconds(lambda: client.invoke(FunctionName=other)))
    thread.join()
    assert isinstance(written[0], int), f"the function was held up: {written}"
    assert sorted(took)[len(took) // 2] < max(0.5, 10 * quiet), "others had to wait"
    _check_flooded_log(server, flooding)
    with urllib.request.urlopen(f"{server.endpoint}/_lambent/findings") as page:
        findings = json.load(page)["findings"]
    assert any(one["code"] == "logs-dropped" and one["resource"].endswith(flooding) for one in findings)


def _check_flooded_log(server: Server, name: str) -> None:
    """It begins and ends as ever, says where something is missing, and what is there is in order."""
    logs = server.client("logs")
    group = f"/aws/lambda/{name}"
    (stream,) = logs.describe_log_streams(logGroupName=group)["logStreams"]
    for from_head in (True, False):
        page = logs.get_log_events(
            logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=from_head, limit=10_000
        )
        lines = [event["message"] for event in page["events"]]
        if from_head:
            assert lines[0].startswith("INIT_START ")
            assert lines[1].startswith("START ")
            numbers = [int(line) for line in lines[2:]]
            assert numbers == [number % 40 for number in range(len(numbers))]
        else:
            assert [line.split(" ")[0] for line in lines[-2:]] == ["END", "REPORT"]
    dropped = logs.filter_log_events(logGroupName=group, filterPattern="LOGS_DROPPED", limit=1)
    while not dropped["events"] and "nextToken" in dropped:
        token = dropped["nextToken"]
        dropped = logs.filter_log_events(logGroupName=group, filterPattern="LOGS_DROPPED", nextToken=token)
    assert dropped["events"]
