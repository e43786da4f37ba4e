"""What a function's log, REPORT and the caller are told when a start fails."""

import base64
import json
import re
import time
from typing import Any

import pytest

from tests.e2e.conftest import ROLE, Deploy, Server, package

SLOW = "import time; time.sleep(0.02)\n"
IMPORT_ERROR = "import missing_module"
EXIT = "import os; os._exit(7)"
HUNGRY = "held = []\nwhile True:\n    held.append(bytearray(8 << 20))"
BODY = "\ndef handler(event, context): return 1"


def told(server: Server, name: str) -> tuple[dict[str, Any], list[str], float]:
    """The error, the lines of LogResult and the milliseconds that the call took."""
    began = time.monotonic()
    answer = server.client("lambda").invoke(FunctionName=name, LogType="Tail")
    took = (time.monotonic() - began) * 1000
    assert answer["FunctionError"] == "Unhandled"
    log = base64.b64decode(answer["LogResult"]).decode()
    return json.loads(answer["Payload"].read()), [line for line in log.split("\n") if line], took


def durations(log: list[str]) -> list[float]:
    """Those of the INIT_REPORTs and of the REPORT, in their order."""
    return [
        float(found) for line in log for found in re.findall(r"(?:INIT_REPORT Init |\t)Duration: (-?[\d.]+) ms", line)
    ]


@pytest.mark.parametrize(
    ("code", "attempts", "kind", "reported"),
    [
        (IMPORT_ERROR + BODY, 2, "Runtime.ImportModuleError", "Runtime.ImportModuleError"),
        (EXIT + BODY, 2, "Runtime.ExitError", "Runtime.ExitError"),
        (HUNGRY + BODY, 1, "Runtime.ExitError", "Runtime.OutOfMemory"),
    ],
    ids=["import", "exit", "memory"],
)
def test_a_failed_start(server: Server, deploy: Deploy, code: str, attempts: int, kind: str, reported: str) -> None:
    error, log, took = told(server, deploy(SLOW + code, Timeout=30, MemorySize=128))
    assert error["errorType"] == kind
    phases = [line.split("\tPhase: ")[1] for line in log if line.startswith("INIT_REPORT")]
    assert phases == [f"{phase}\tStatus: error\tError Type: {reported}" for phase in ("init", "invoke")[:attempts]]
    assert log[-1].endswith(f"\tStatus: error\tError Type: {reported}")
    assert [line.split(" ")[0] for line in log if line.startswith(("INIT", "START", "END", "REP"))] == [
        *["INIT_REPORT"] * attempts, "START", "END", "REPORT",
    ]  # fmt: skip
    *inits, duration = durations(log)
    assert all(20 <= one < took for one in inits)
    assert 20 <= duration < took
    assert "lambent" not in "".join(log)


def test_nothing_to_start(server: Server) -> None:
    client, name = server.client("lambda"), "no-bootstrap"
    code = {"ZipFile": package({"bootstrap": "#!/bin/sh\n"})}
    settings = {"Runtime": "provided.al2023", "Handler": "x", "Role": ROLE, "Timeout": 900}
    client.create_function(FunctionName=name, Code=code, **settings)
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 2000})
    error, log, took = told(server, name)
    assert error["errorType"] == "Runtime.InvalidEntrypoint"
    assert [line.split(" ")[0] for line in log] == [
        "INIT_REPORT", "INIT_REPORT", "START", "RequestId:", "Runtime.InvalidEntrypoint", "END", "REPORT",
    ]  # fmt: skip
    assert all(0 <= one < took for one in durations(log))
    client.delete_function(FunctionName=name)


def test_the_tail_begins_with_what_init_wrote(server: Server, deploy: Deploy) -> None:
    name = deploy('print("Loading function")\ndef handler(event, context): return 1')
    for first in ("Loading function", "START"):
        answer = server.client("lambda").invoke(FunctionName=name, LogType="Tail")
        assert base64.b64decode(answer["LogResult"]).decode().startswith(first)


def test_out_of_memory_in_an_invocation(server: Server, deploy: Deploy) -> None:
    body = HUNGRY.replace("\n", "\n    ")
    error, log, took = told(server, deploy(f"def handler(event, context):\n    {body}", Timeout=30, MemorySize=128))
    assert error["errorType"] == "Runtime.ExitError"
    assert log[-1].endswith("\tStatus: error\tError Type: Runtime.OutOfMemory")
    assert 0 < durations(log)[-1] < took
