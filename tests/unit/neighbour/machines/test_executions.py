"""Executions and activities, as AWS's API reference has them."""

import json
import threading
from typing import Any

import pytest

from lambent.neighbour.bridges.machines import activities, executions
from tests.unit.neighbour.machines.plane import WAITS, backend, ended, machine, refused, started

FAILS: dict[str, Any] = {"A": {"Type": "Fail", "Error": "Mine", "Cause": "so"}}


def test_an_execution_is_told_to_the_last_member() -> None:
    there = backend()
    arn = machine(there)["stateMachineArn"]
    execution = started(there, arn, name="n", input='{ "a": "é" }')
    told = ended(there, execution)
    assert told.pop("stopDate") >= told.pop("startDate")
    assert {name: value for name, value in told.items() if value is not None} == {
        "executionArn": execution,
        "stateMachineArn": arn,
        "name": "n",
        "status": "SUCCEEDED",
        "input": '{ "a": "é" }',
        "inputDetails": {"included": True},
        "output": '{"a":"é"}',
        "outputDetails": {"included": True},
        "redriveCount": 0,
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
    }
    with refused("ExecutionAlreadyExists"):
        started(there, arn, name="n", input='{"a": "é"}')


def test_one_that_failed() -> None:
    there = backend()
    told = ended(there, started(there, machine(there, FAILS)["stateMachineArn"]))
    assert (told["status"], told["error"], told["cause"]) == ("FAILED", "Mine", "so")
    assert (told.get("output"), told["redriveStatus"]) == (None, "REDRIVABLE")


def test_a_text_is_json_as_well() -> None:
    there = backend()
    states: dict[str, Any] = {"A": {"Type": "Pass", "Result": "text", "End": True}}
    assert ended(there, started(there, machine(there, states)["stateMachineArn"]))["output"] == '"text"'


def test_one_that_runs_is_the_same_and_may_be_stopped() -> None:
    there = backend()
    arn = machine(there, WAITS)["stateMachineArn"]
    execution = started(there, arn, name="n", input='{"a": 1}')
    assert started(there, arn, name="n", input='{"a":1}') == execution
    with refused("ExecutionAlreadyExists"):
        started(there, arn, name="n", input="{}")
    running = executions.list_executions(there, {"stateMachineArn": arn, "statusFilter": "RUNNING"})["executions"]
    assert [one["name"] for one in running] == ["n"]
    executions.stop_execution(there, {"executionArn": execution, "error": "E", "cause": "C"})
    told = ended(there, execution)
    assert (told["status"], told["error"], told["cause"]) == ("ABORTED", "E", "C")
    assert executions.stop_execution(there, {"executionArn": execution})["stopDate"] == told["stopDate"]


def test_the_history_is_read_in_pages_both_ways_and_without_data() -> None:
    there = backend()
    execution = started(there, machine(there)["stateMachineArn"])
    ended(there, execution)

    def read(**said: Any) -> dict[str, Any]:
        return executions.get_execution_history(there, {"executionArn": execution, **said})

    kinds = ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]
    first = read(maxResults=3)
    rest = read(maxResults=3, nextToken=first["nextToken"])
    assert [one["type"] for one in (*first["events"], *rest["events"])] == kinds
    assert [one["type"] for one in read(reverseOrder=True)["events"]] == kinds[::-1]
    assert "input" not in read(includeExecutionData=False)["events"][0]["executionStartedEventDetails"]
    assert first["events"][0]["executionStartedEventDetails"]["input"] == "{}"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"input": "{"}, "InvalidExecutionInput"),
        ({"name": "a:b"}, "InvalidName"),
        ({"input": json.dumps("é" * 140_000, ensure_ascii=False)}, "ValidationException"),
    ],
)
def test_what_begins_no_execution(said: dict[str, Any], code: str) -> None:
    there = backend()
    arn = machine(there)["stateMachineArn"]
    with refused(code):
        started(there, arn, **said)
    with refused("StateMachineDoesNotExist"):
        started(there, f"{arn}x")
    with refused("ExecutionDoesNotExist"):
        executions.describe_execution(there, {"executionArn": f"{arn.replace(':stateMachine:', ':execution:')}:n"})


def test_express_executions_are_not_described() -> None:
    there = backend()
    arn = machine(there, type="EXPRESS")["stateMachineArn"]
    execution = started(there, arn, name="n")
    assert execution.startswith(f"{arn.replace(':stateMachine:', ':express:')}:n:")
    assert started(there, arn, name="n") != execution
    for ask in (executions.describe_execution, executions.get_execution_history, executions.stop_execution):
        with refused("InvalidArn"):
            ask(there, {"executionArn": execution})
    with refused("StateMachineTypeNotSupported"):
        executions.list_executions(there, {"stateMachineArn": arn})


def test_a_worker_does_the_task_of_an_activity() -> None:
    there = backend()
    activity = activities.create_activity(there, {"name": "a"})
    assert activities.create_activity(there, {"name": "a"}) == activity
    arn = activity["activityArn"]
    states: dict[str, Any] = {"A": {"Type": "Task", "Resource": arn, "End": True}}
    execution = started(there, machine(there, states)["stateMachineArn"], input='{"n": 1}')
    task = activities.get_activity_task(there, {"activityArn": arn, "workerName": "w"})
    assert json.loads(task["input"]) == {"n": 1}
    with refused("InvalidOutput"):
        activities.send_task_success(there, {"taskToken": task["taskToken"], "output": "{"})
    activities.send_task_success(there, {"taskToken": task["taskToken"], "output": '{"m": 2}'})
    assert ended(there, execution)["output"] == '{"m":2}'
    with refused("InvalidToken"):
        activities.send_task_failure(there, {"taskToken": "none"})
    activities.delete_activity(there, {"activityArn": arn})
    with refused("ActivityDoesNotExist"):
        activities.describe_activity(there, {"activityArn": arn})


def test_a_worker_that_waits_gets_the_task_that_comes() -> None:
    there = backend()
    arn = activities.create_activity(there, {"name": "a"})["activityArn"]
    got: list[dict[str, Any]] = []
    waits = threading.Thread(target=lambda: got.append(activities.get_activity_task(there, {"activityArn": arn})))
    waits.start()
    states: dict[str, Any] = {"A": {"Type": "Task", "Resource": arn, "End": True}}
    execution = started(there, machine(there, states)["stateMachineArn"])
    waits.join(10)
    failed = {"taskToken": got[0]["taskToken"], "error": "E", "cause": "C"}
    activities.send_task_failure(there, failed)
    assert (ended(there, execution)["error"], ended(there, execution)["cause"]) == ("E", "C")
