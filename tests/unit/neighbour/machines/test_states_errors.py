"""Which errors a Retry and a Catch mean."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from lambent.neighbour.bridges.machines import errors
from tests.unit.neighbour.machines.plane import backend, ended, machine, started


@pytest.mark.parametrize(
    ("names", "error", "means"),
    [
        (["States.ALL"], "Mine", True),
        (["States.ALL"], "States.Timeout", True),
        (["States.ALL"], "States.Runtime", False),
        (["States.ALL"], "States.DataLimitExceeded", False),
        (["States.DataLimitExceeded"], "States.DataLimitExceeded", True),
        (["States.TaskFailed"], "Mine", True),
        (["States.TaskFailed"], "States.Permissions", True),
        (["States.TaskFailed"], "States.Timeout", False),
        (["A", "Mine"], "Mine", True),
        (["A"], "Mine", False),
    ],
)
def test_wildcards(names: list[str], error: str, *, means: bool) -> None:
    assert errors.means(names, error) is means


@pytest.mark.parametrize("kind", ["Parallel", "Map"])
def test_an_error_of_aws_s_own_comes_out_of_a_branch_and_an_iteration(kind: str) -> None:
    fails: dict[str, Any] = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "States.Timeout", "Cause": "c"}}}
    inner = {"Branches": [fails]} if kind == "Parallel" else {"ItemProcessor": fails}
    catch = [{"ErrorEquals": ["States.Timeout"], "Next": "B"}]
    states = {"A": {"Type": kind, **inner, "Catch": catch, "End": True}, "B": {"Type": "Pass", "End": True}}
    there = backend()
    told = ended(there, started(there, machine(there, states)["stateMachineArn"], input="[1]"))
    assert (told["status"], told.get("output")) == ("SUCCEEDED", '{"Error":"States.Timeout","Cause":"c"}'), told


def test_a_functions_error_without_a_type() -> None:
    failed = SimpleNamespace(event_details={"x": {}}, error_name=SimpleNamespace(error_name="Exception"))
    ex = Exception()
    ex.payload = json.dumps({"errorMessage": "out of time"})  # type: ignore[attr-defined]
    errors.untyped(failed, ex)
    assert failed.error_name.error_name == "Lambda.Unknown"
    assert failed.event_details["x"] == {
        "error": "Lambda.Unknown",
        "cause": "The cause could not be determined because Lambda did not return an error type. "
        'Returned payload: {"errorMessage": "out of time"}',
    }


def test_a_function_of_a_path_that_fails_says_which() -> None:
    there = backend()
    states = {"A": {"Type": "Pass", "Parameters": {"v.$": "States.Format('é {} {}', $.a)"}, "End": True}}
    told = ended(there, started(there, machine(there, states)["stateMachineArn"], input='{"a": 1}'))
    assert (told["error"], told["cause"]) == (
        "States.IntrinsicFailure",
        "An error occurred while executing the state 'A' (entered at the event id #2). "
        "The function 'States.Format('é {} {}', $.a)' had the following error: "
        "the number of arguments is not that of the occurrences of {} in the template",
    )


def test_escapes_and_variables_in_a_function() -> None:
    there = backend()
    function = r"States.Format('it\'s \"é\" {} {}', $v.w, $$.State.Name)"
    states = {
        "A": {"Type": "Pass", "Assign": {"v": {"w": 'ü"\\\n'}}, "Next": "B"},
        "B": {"Type": "Pass", "Parameters": {"t.$": function}, "End": True},
    }
    told = ended(there, started(there, machine(there, states)["stateMachineArn"]))
    assert json.loads(told.get("output", "null")) == {"t": 'it\'s "é" ü"\\\n B'}, told


def test_a_fail_state_says_what_a_function_makes() -> None:
    there = backend()
    states = {"A": {"Type": "Fail", "ErrorPath": "$.e", "CausePath": "States.Format('{}!', $.c)"}}
    told = ended(there, started(there, machine(there, states)["stateMachineArn"], input='{"e": "E", "c": "C"}'))
    assert (told["error"], told["cause"]) == ("E", "C!")


def test_a_choice_without_a_match_and_a_task_that_is_not_run() -> None:
    there = backend()
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": 2, "Next": "B"}]}
    given = {"ApiEndpoint": "x.execute-api.eu-west-1.amazonaws.com", "Method": "GET"}
    asks = {"Type": "Task", "Resource": "arn:aws:states:::apigateway:invoke", "Parameters": given, "End": True}
    arn = machine(there, {"A": choice, "B": asks})["stateMachineArn"]
    told = ended(there, started(there, arn, input='{"a": 1}'))
    assert (told["error"], told["cause"]) == (
        "States.NoChoiceMatched",
        "An error occurred while executing the state 'A' (entered at the event id #2). "
        "Failed to transition out of the state. The state does not point to a next state.",
    )
    assert ended(there, started(there, arn, input='{"a": 2}'))["error"] == "ApiGateway.NotImplementedException"
