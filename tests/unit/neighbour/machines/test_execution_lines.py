"""What executions log."""

import json
import time
from typing import Any

import pytest

from tests.unit.neighbour.machines.conftest import Nobody
from tests.unit.neighbour.machines.plane import ROLE, backend, ended, machine, refused, started
from tests.unit.waiting import until_a_thread

GROUP = "arn:aws:logs:eu-west-1:111111111111:log-group:/aws/vendedlogs/states/m{}"
FAILS: dict[str, Any] = {
    "A": {"Type": "Pass", "Result": {"b": 2}, "Next": "B"},
    "B": {"Type": "Fail", "Error": "Mine", "Cause": "so"},
}


def configuration(level: str, arn: str = GROUP.format(":*"), **more: Any) -> dict[str, Any]:
    return {"level": level, "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}], **more}


def logged(gateway: Nobody, last: str, **logging: Any) -> list[dict[str, Any]]:
    """The lines of one execution, of which `last` is the last event."""
    there = backend()
    made = machine(there, FAILS, loggingConfiguration=configuration(**logging))
    ended(there, started(there, made["stateMachineArn"], name="n", input='{"a":1}'))
    until_a_thread(lambda: any(json.loads(one["message"])["type"] == last for one in gateway.logged))
    return gateway.logged


def test_every_event_is_a_line_with_its_data(gateway: Nobody) -> None:
    lines = logged(gateway, "ExecutionFailed", level="ALL", includeExecutionData=True)
    arn = "arn:aws:states:eu-west-1:111111111111:execution:m:n"
    assert {(one["group"], one["account"], one["region"], one["execution"]) for one in lines} == {
        ("/aws/vendedlogs/states/m", "111111111111", "eu-west-1", arn)
    }
    first, *rest = [json.loads(one["message"]) for one in lines]
    assert list(first) == [
        "details", "redrive_count", "id", "type", "previous_event_id", "event_timestamp", "execution_arn",
    ]  # fmt: skip
    assert abs(int(first.pop("event_timestamp")) - time.time() * 1000) < 60_000
    assert first == {
        "details": {"input": '{"a":1}', "inputDetails": {"truncated": False}, "roleArn": ROLE},
        "redrive_count": "0",
        "id": "1",
        "type": "ExecutionStarted",
        "previous_event_id": "0",
        "execution_arn": arn,
    }
    assert [(one["id"], one["previous_event_id"], one["type"]) for one in rest] == [
        ("2", "0", "PassStateEntered"),
        ("3", "2", "PassStateExited"),
        ("4", "3", "FailStateEntered"),
        ("5", "4", "ExecutionFailed"),
    ]


def test_a_level_leaves_out_and_so_does_the_machine_without_data(gateway: Nobody) -> None:
    lines = [json.loads(one["message"]) for one in logged(gateway, "ExecutionFailed", level="ERROR")]
    assert [(one["type"], one["details"]) for one in lines] == [
        ("FailStateEntered", {"name": "B"}),
        ("ExecutionFailed", {"error": "Mine", "cause": "so"}),
    ]


def test_fatal_is_the_end_alone(gateway: Nobody) -> None:
    lines = logged(gateway, "ExecutionFailed", level="FATAL")
    assert [json.loads(one["message"])["type"] for one in lines] == ["ExecutionFailed"]


@pytest.mark.parametrize("arn", [GROUP.format(""), ""])
def test_a_group_is_named_with_a_star(arn: str) -> None:
    with refused("InvalidLoggingConfiguration"):
        machine(backend(), loggingConfiguration=configuration("ALL", arn))
