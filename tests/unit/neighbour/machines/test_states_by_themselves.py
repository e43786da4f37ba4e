"""TestState, as its documentation has it."""

import json
from typing import Any

import pytest

from lambent.neighbour.bridges.machines.tested import inspecting, testing
from tests.unit.neighbour.machines.plane import ROLE, backend, refused

INVOKE: dict[str, Any] = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": "f", "Payload.$": "$.a"},
    "ResultSelector": {"b.$": "$.Payload.x"},
    "ResultPath": "$.r",
    "Retry": [
        {"ErrorEquals": ["Lambda.ServiceException"], "IntervalSeconds": 2, "MaxAttempts": 3, "BackoffRate": 3,
         "MaxDelaySeconds": 10},
    ],
    "Catch": [{"ErrorEquals": ["Other"], "Next": "O"},
              {"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "K"}],
    "Next": "N",
}  # fmt: skip


def tried(state: Any, **said: Any) -> dict[str, Any]:
    return testing.test_state(backend(), {"definition": json.dumps(state), **said})


def test_a_pass_state_and_its_data() -> None:
    state = {
        "Type": "Pass", "InputPath": "$.a", "Parameters": {"d.$": "$.b"}, "ResultPath": "$.c", "Next": "N",
    }  # fmt: skip
    given = '{"a": {"b": 1}}'
    assert tried(state, input=given) == {
        "status": "SUCCEEDED", "output": '{"a":{"b":1},"c":{"d":1}}', "nextState": "N",
    }  # fmt: skip
    assert tried(state, input=given, inspectionLevel="DEBUG")["inspectionData"] == {
        "input": given,
        "afterInputPath": '{"b":1}',
        "afterParameters": '{"d":1}',
        "result": '{"d":1}',
        "afterResultPath": '{"a":{"b":1},"c":{"d":1}}',
    }


def test_a_choice_says_where_it_goes() -> None:
    state = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.n", "NumericGreaterThan": 5, "Next": "Big"}],
        "Default": "Small",
    }
    assert tried(state, input='{"n": 6}')["nextState"] == "Big"
    assert tried(state, input='{"n": 5}')["nextState"] == "Small"


def test_a_fail_state() -> None:
    assert tried({"Type": "Fail", "Error": "E", "Cause": "C"}) == {"status": "FAILED", "error": "E", "cause": "C"}


def test_a_mocked_result_goes_through_the_state() -> None:
    mock = {"result": json.dumps({"Payload": {"x": 7}, "StatusCode": 200})}
    told = tried(INVOKE, input='{"a": 1}', mock=mock, inspectionLevel="DEBUG")
    assert (told["status"], told["output"], told["nextState"]) == ("SUCCEEDED", '{"a":1,"r":{"b":7}}', "N")
    assert told["inspectionData"] == {
        "input": '{"a": 1}',
        "afterInputPath": '{"a":1}',
        "afterParameters": '{"FunctionName":"f","Payload":1}',
        "result": '{"Payload":{"x":7},"StatusCode":200}',
        "afterResultSelector": '{"b":7}',
        "afterResultPath": '{"a":1,"r":{"b":7}}',
    }


@pytest.mark.parametrize(("count", "seconds"), [(0, 2), (1, 6), (2, 10)])
def test_an_error_that_is_tried_again(count: int, seconds: int) -> None:
    mock = {"errorOutput": {"error": "Lambda.ServiceException", "cause": "so"}}
    told = tried(
        INVOKE, mock=mock, stateConfiguration={"retrierRetryCount": count}, inspectionLevel="DEBUG", input='{"a": 1}'
    )
    assert (told["status"], told["error"], told["cause"]) == ("RETRIABLE", "Lambda.ServiceException", "so")
    details = {"retryIndex": 0, "retryBackoffIntervalSeconds": seconds}
    assert told["inspectionData"]["errorDetails"] == details


def test_an_error_that_is_caught() -> None:
    mock = {"errorOutput": {"error": "Lambda.ServiceException", "cause": "so"}}
    told = tried(
        INVOKE, mock=mock, stateConfiguration={"retrierRetryCount": 3}, inspectionLevel="DEBUG", input='{"a": 1}'
    )
    assert (told["status"], told["error"], told["nextState"]) == ("CAUGHT_ERROR", "Lambda.ServiceException", "K")
    assert json.loads(told["output"]) == {"a": 1, "e": {"Error": "Lambda.ServiceException", "Cause": "so"}}
    assert told["inspectionData"]["errorDetails"] == {"catchIndex": 1}


def test_variables_and_the_context_object() -> None:
    state = {
        "Type": "Pass",
        "QueryLanguage": "JSONata",
        "Assign": {"y": "{% $x + 1 %}"},
        "Output": {"x": "{% $x %}", "who": "{% $states.context.Execution.Name %}"},
        "End": True,
    }
    context = json.dumps({"Execution": {"Name": "me"}})
    told = tried(state, variables='{"x": 3}', context=context, inspectionLevel="DEBUG")
    assert told["output"] == '{"x":3,"who":"me"}'
    assert json.loads(told["inspectionData"]["variables"]) == {"x": 3, "y": 4}


def test_a_state_of_a_machine() -> None:
    machine = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Succeed"}}}
    assert tried(machine, stateName="A", input="3")["nextState"] == "B"
    assert tried(machine, stateName="B", input="3") == {"status": "SUCCEEDED", "output": "3"}
    with refused("ValidationException"):
        tried(machine, stateName="C")


def test_a_map_and_what_waits_for_a_token_are_mocked() -> None:
    inner = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    mapped = {"Type": "Map", "ItemProcessor": inner, "ResultPath": "$.r", "End": True, "ToleratedFailureCount": 1}
    assert tried(mapped, input='{"a": 1}', mock={"result": "[1]"})["output"] == '{"a":1,"r":[1]}'
    told = tried(mapped, mock={"result": "[1]"}, stateConfiguration={"mapIterationFailureCount": 2})
    assert (told["status"], told["error"]) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    waits = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": True}
    assert tried(waits, mock={"result": "7"})["output"] == "7"
    for state in (mapped, waits):
        with refused("ValidationException"):
            tried(state, roleArn=ROLE)


@pytest.mark.parametrize(
    ("state", "said", "code"),
    [
        ({"Type": "Nothing"}, {}, "InvalidDefinition"),
        ({"Type": "Pass", "End": True}, {"input": "{"}, "InvalidExecutionInput"),
        ({"Type": "Pass", "End": True}, {"mock": {"result": "1"}}, "ValidationException"),
        (INVOKE, {}, "ValidationException"),
        (INVOKE, {"mock": {}}, "ValidationException"),
        (INVOKE, {"mock": {"result": "{"}}, "ValidationException"),
        (INVOKE, {"mock": {"result": "1"}, "revealSecrets": True}, "ValidationException"),
        ([], {}, "ValidationException"),
    ],
)
def test_what_is_refused(state: Any, said: dict[str, Any], code: str) -> None:
    with refused(code):
        tried(state, **said)


def test_nobody_hears_of_it(gateway: Any) -> None:
    tried({"Type": "Pass", "End": True})
    assert gateway.told == []


def test_a_path_is_made_where_it_leads() -> None:
    assert inspecting.placed({"a": {"b": 1}}, "$.a.c", 2) == {"a": {"b": 1, "c": 2}}
    assert inspecting.placed(3, "$.a", 2) == {"a": 2}
