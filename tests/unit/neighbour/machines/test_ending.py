"""Executions that are stopped, run out of time, or have too many events."""

import json
import threading
from typing import Any

import pytest

from lambent.neighbour.bridges.machines import ending, executions
from tests.unit.neighbour.machines.conftest import Nobody
from tests.unit.neighbour.machines.plane import ROLE, WAITS, backend, defining, ended, machine, started
from tests.unit.waiting import until_a_thread


def history(there: Any, execution: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = executions.get_execution_history(there, {"executionArn": execution})["events"]
    return found


def test_one_that_is_stopped_has_ended_at_once_and_is_told(gateway: Nobody) -> None:
    there = backend()
    for _ in range(20):  # as soon as it was started, at whatever place it is
        execution = started(there, machine(there, WAITS)["stateMachineArn"])
        executions.stop_execution(there, {"executionArn": execution, "cause": "C"})
        told = executions.describe_execution(there, {"executionArn": execution})
        assert (told["status"], told["cause"]) == ("ABORTED", "C")
        last = history(there, execution)[-1]
        assert (last["type"], last["executionAbortedEventDetails"]) == ("ExecutionAborted", {"cause": "C"})
    statuses = [one["detail"]["status"] for one in gateway.told]
    assert statuses == ["RUNNING", "ABORTED"] * 20


def test_a_wait_ends_with_its_execution() -> None:
    there, before = backend(), threading.active_count()
    for _ in range(5):
        execution = started(there, machine(there, WAITS)["stateMachineArn"])
        executions.stop_execution(there, {"executionArn": execution})
    until_a_thread(lambda: threading.active_count() <= before)


def test_a_machine_has_so_much_time() -> None:
    there = backend()
    text = json.dumps({"StartAt": "A", "TimeoutSeconds": 1, "States": WAITS})
    made = defining.create_state_machine(there, {"name": "m", "definition": text, "roleArn": ROLE})
    execution = started(there, made["stateMachineArn"])
    assert ended(there, execution)["status"] == "TIMED_OUT"
    assert [one["type"] for one in history(there, execution)] == [
        "ExecutionStarted", "WaitStateEntered", "ExecutionTimedOut",
    ]  # fmt: skip


def test_a_history_has_so_many_events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "MOST_EVENTS", 40)
    there = backend()
    ever = {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsPresent": True, "Next": "C"}], "Default": "A"}
    states = {"A": {"Type": "Pass", "Next": "B"}, "B": ever, "C": {"Type": "Succeed"}}
    execution = started(there, machine(there, states)["stateMachineArn"])
    told = ended(there, execution)
    assert (told["status"], told["error"], told["cause"]) == ("FAILED", "States.Runtime", ending.TOO_MANY)
    events = history(there, execution)
    assert (len(events), events[-1]["type"]) == (40, "ExecutionFailed")


def test_the_context_object_is_as_on_aws() -> None:
    there = backend()
    states = {"A": {"Type": "Pass", "Parameters": {"whole.$": "$$", "at.$": "$$.State.EnteredTime"}, "End": True}}
    execution = started(there, machine(there, states)["stateMachineArn"], name="n", input='{"a":1}')
    told = json.loads(ended(there, execution)["output"])
    moments = [told["at"], told["whole"]["State"].pop("EnteredTime"), told["whole"]["Execution"].pop("StartTime")]
    assert all(len(one) == len("2026-11-30T15:04:21.123Z") and one.endswith("Z") for one in moments), moments
    assert told["whole"] == {
        "Execution": {"Id": execution, "Input": {"a": 1}, "Name": "n", "RoleArn": ROLE, "RedriveCount": 0},
        "State": {"Name": "A", "RetryCount": 0},
        "StateMachine": {"Id": there.state_machines[0].arn, "Name": "m"},
    }
