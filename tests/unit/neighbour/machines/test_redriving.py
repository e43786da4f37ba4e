"""Executions that are begun again where they ended."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest

from lambent.neighbour.bridges import states, timing
from lambent.neighbour.bridges.machines import executions, redriving
from lambent.neighbour.memory.pickles import Reader, Writer
from tests.unit.neighbour.machines.conftest import Nobody
from tests.unit.neighbour.machines.plane import WAITS, backend, ended, machine, refused, started
from tests.unit.waiting import until_a_thread

FLAKY: dict[str, Any] = {
    "A": {"Type": "Pass", "Result": {"n": 1}, "Assign": {"v": 5}, "Next": "B"},
    "B": {
        "Type": "Task",
        "Resource": "arn:aws:lambda:eu-west-1:111111111111:function:f",
        "Parameters": {"n.$": "$.n", "again.$": "$$.Execution.RedriveCount", "v.$": "$v"},
        "Next": "C",
    },
    "C": {"Type": "Succeed"},
}


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What a function was given; it fails but for what is begun again."""
    from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils

    given: list[Any] = []

    def invoke(parameters: Any, region: str, state_credentials: Any) -> dict[str, Any]:
        said = json.loads(parameters["Payload"])
        given.append(said)
        if not said["again"]:
            return {"FunctionError": "Unhandled", "Payload": {"errorType": "Flaky", "errorMessage": "no"}}
        return {"StatusCode": 200, "Payload": {"got": said}}

    monkeypatch.setattr(lambda_eval_utils, "_invoke_lambda_function", invoke)
    return given


def until_it_waits(there: Any, execution: str) -> None:
    said = {"executionArn": execution}
    until_a_thread(lambda: len(executions.get_execution_history(there, said)["events"]) >= len(("began", "entered")))


def test_it_goes_on_at_the_state_that_failed(function: list[Any], gateway: Nobody) -> None:
    there = backend()
    arn = machine(there, FLAKY)["stateMachineArn"]
    execution = started(there, arn)
    assert (ended(there, execution)["error"], len(function)) == ("Flaky", 1)
    redriven = redriving.redrive_execution(there, {"executionArn": execution, "clientToken": "t"})
    told = ended(there, execution)
    assert (told["status"], json.loads(told["output"])) == ("SUCCEEDED", {"got": {"n": 1, "again": 1, "v": 5}})
    assert (told["redriveCount"], told["redriveDate"], told["error"]) == (1, redriven["redriveDate"], None)
    events = executions.get_execution_history(there, {"executionArn": execution})["events"]
    kinds = [one["type"] for one in events]
    assert kinds[kinds.index("ExecutionFailed") :] == [
        "ExecutionFailed", "ExecutionRedriven", "LambdaFunctionScheduled", "LambdaFunctionStarted",
        "LambdaFunctionSucceeded", "TaskStateExited", "SucceedStateEntered", "SucceedStateExited",
        "ExecutionSucceeded",
    ]  # fmt: skip
    assert [one["id"] for one in events] == list(range(1, len(events) + 1))
    [redrive] = [one for one in events if one["type"] == "ExecutionRedriven"]
    assert redrive["executionRedrivenEventDetails"] == {"redriveCount": 1}
    assert [one["detail"]["status"] for one in gateway.told] == ["RUNNING", "FAILED", "RUNNING", "SUCCEEDED"]
    assert gateway.told[-1]["detail"]["redriveCount"] == 1
    assert redriving.redrive_execution(there, {"executionArn": execution, "clientToken": "t"}) == redriven
    filtered = executions.list_executions(there, {"stateMachineArn": arn, "redriveFilter": "REDRIVEN"})["executions"]
    assert [one["redriveCount"] for one in filtered] == [1]
    assert executions.list_executions(there, {"stateMachineArn": arn, "redriveFilter": "NOT_REDRIVEN"}) == {
        "executions": []
    }


def test_one_that_was_aborted_waits_again() -> None:
    there = backend()
    execution = started(there, machine(there, WAITS)["stateMachineArn"])
    executions.stop_execution(there, {"executionArn": execution, "error": "E"})
    redriving.redrive_execution(there, {"executionArn": execution})
    told = executions.describe_execution(there, {"executionArn": execution})
    assert (told["status"], told["stopDate"], told["error"]) == ("RUNNING", None, None)
    executions.stop_execution(there, {"executionArn": execution})
    assert ended(there, execution)["status"] == "ABORTED"


def test_one_that_ended_with_its_process_goes_on() -> None:
    there = backend()
    execution = started(there, machine(there, WAITS)["stateMachineArn"])
    until_it_waits(there, execution)
    executions.stop_execution(there, {"executionArn": execution})
    file = io.BytesIO()
    Writer(file, {}).dump(there)
    file.seek(0)
    back = Reader(file).load()
    kept = back.state_machines[0].executions[0]
    states._fail(kept, states.INTERRUPTED)
    redriving.redrive_execution(back, {"executionArn": execution})
    assert executions.describe_execution(back, {"executionArn": execution})["status"] == "RUNNING"
    executions.stop_execution(back, {"executionArn": execution})
    kinds = [one["type"] for one in executions.get_execution_history(back, {"executionArn": execution})["events"]]
    assert kinds == [
        "ExecutionStarted", "WaitStateEntered", "ExecutionAborted", "ExecutionRedriven", "ExecutionAborted",
    ]  # fmt: skip


def test_what_is_not_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    there = backend()
    fails: dict[str, Any] = {"A": {"Type": "Fail"}}
    waits = started(there, machine(there, WAITS)["stateMachineArn"])
    with refused("ExecutionNotRedrivable"):
        redriving.redrive_execution(there, {"executionArn": waits})
    good = started(there, machine(there, {"A": {"Type": "Succeed"}}, "s")["stateMachineArn"])
    ended(there, good)
    with refused("ExecutionNotRedrivable"):
        redriving.redrive_execution(there, {"executionArn": good})
    old = started(there, machine(there, fails, "f")["stateMachineArn"])
    later = ended(there, old)["stopDate"] + timedelta(days=15)
    monkeypatch.setattr(timing, "moment", lambda: later)
    with refused("ExecutionNotRedrivable"):
        redriving.redrive_execution(there, {"executionArn": old})
    with refused("ExecutionDoesNotExist"):
        redriving.redrive_execution(there, {"executionArn": f"{old}x"})
    executions.stop_execution(there, {"executionArn": waits})


def test_a_parallel_state_is_refused_by_name() -> None:
    there = backend()
    branch: dict[str, Any] = {"StartAt": "F", "States": {"F": {"Type": "Fail"}}}
    states = {"A": {"Type": "Parallel", "Branches": [branch], "End": True}}
    execution = started(there, machine(there, states)["stateMachineArn"])
    ended(there, execution)
    with refused("NotImplementedException"):
        redriving.redrive_execution(there, {"executionArn": execution})
    assert executions.describe_execution(there, {"executionArn": execution})["status"] == "FAILED"
