"""Definitions that AWS refuses, and in which words."""

import json
from typing import Any

import pytest

from lambent.neighbour.bridges.machines import validating
from lambent.neighbour.bridges.machines.diagnosing import problems
from tests.unit.neighbour.machines.plane import ROLE, backend, defining

END: dict[str, Any] = {"Type": "Pass", "End": True}
TASK: dict[str, Any] = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True}


def said(states: Any, **more: Any) -> list[str]:
    return [one.text for one in problems(json.dumps({"StartAt": "A", "States": states, **more}))]


@pytest.mark.parametrize(
    ("states", "texts"),
    [
        (
            {"A": {"Type": "Pass", "Next": "C"}, "B": END},
            ["MISSING_TRANSITION_TARGET: Missing 'Next' target: C at /States/A/Next",
             'MISSING_TRANSITION_TARGET: State "B" is not reachable. at /States/B'],
        ),
        (
            {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}},
            ["MISSING_END_STATE: Workflow has no terminal state"],
        ),
        (
            {"A": {"Type": "Pass", "Next": "NOPE"}},
            ["MISSING_TRANSITION_TARGET: Missing 'Next' target: NOPE at /States/A/Next",
             "MISSING_END_STATE: Workflow has no terminal state"],
        ),
        (
            {"B": END},
            ["MISSING_TRANSITION_TARGET: Missing 'Next' target: A at /StartAt",
             'MISSING_TRANSITION_TARGET: State "B" is not reachable. at /States/B'],
        ),
        (
            {"A": {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": True, "Next": "X"}], "Default": "Y"},
             "B": {**TASK, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Z"}]}},
            ["MISSING_TRANSITION_TARGET: Missing 'Next' target: Y at /States/A/Default",
             "MISSING_TRANSITION_TARGET: Missing 'Next' target: X at /States/A/Choices[0]/Next",
             "MISSING_TRANSITION_TARGET: Missing 'Next' target: Z at /States/B/Catch[0]/Next",
             'MISSING_TRANSITION_TARGET: State "B" is not reachable. at /States/B'],
        ),
        (
            {"A": {"Type": "Parallel", "End": True, "Branches": [{"StartAt": "X", "States": {"B": END}}]}},
            ["MISSING_TRANSITION_TARGET: Missing 'Next' target: X at /States/A/Branches[0]/StartAt",
             'MISSING_TRANSITION_TARGET: State "B" is not reachable. at /States/A/Branches[0]/States/B'],
        ),
        (
            {"A": {**TASK, "Resource": "send"}},
            ["SCHEMA_VALIDATION_FAILED: Value is not a valid resource ARN at /States/A/Resource"],
        ),
        (
            {"A": {**TASK, "Resource": "arn:aws:states:::http:invoke"}},
            ["SCHEMA_VALIDATION_FAILED: Lambent does not run HTTP tasks yet at /States/A/Resource"],
        ),
        (
            {"A": {**END, "Output": 1}},
            ["SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported "
             "for the 'JSONata' QueryLanguage at /States/A"],
        ),
        (
            {"A": {"Type": "Map", "ItemProcessor": {"QueryLanguage": "JSONata", "StartAt": "B", "States": {"B": END}},
                   "End": True}},
            ["SCHEMA_VALIDATION_FAILED: Field 'QueryLanguage' is not supported at /States/A/ItemProcessor"],
        ),
        ({"A": END}, []),
    ],
)  # fmt: skip
def test_what_is_said(states: Any, texts: list[str]) -> None:
    assert said(states) == texts


@pytest.mark.parametrize(
    ("field", "kinds"),
    [
        ("TimeoutSeconds", ["Pass", "Wait", "Choice", "Succeed", "Fail", "Map", "Parallel"]),
        ("Catch", ["Pass", "Wait", "Choice", "Succeed", "Fail"]),
        ("Retry", ["Pass", "Wait", "Choice", "Succeed", "Fail"]),
    ],
)
def test_fields_of_other_states(field: str, kinds: list[str]) -> None:
    for kind in kinds:
        told = said({"A": {"Type": kind, field: [] if field != "TimeoutSeconds" else 1}})
        assert f"SCHEMA_VALIDATION_FAILED: Field '{field}' is not supported at /States/A" in told


def test_a_state_in_jsonpath_of_a_machine_in_jsonata() -> None:
    text = "SCHEMA_VALIDATION_FAILED: 'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine"
    assert said({"A": {**END, "QueryLanguage": "JSONPath"}}, QueryLanguage="JSONata") == [f"{text} at /States/A"]


@pytest.mark.parametrize("text", ["{", "[]", "3"])
def test_what_is_no_definition(text: str) -> None:
    [one] = problems(text)
    assert one.code == "INVALID_JSON_DESCRIPTION"


def test_all_of_it_is_the_error_of_a_machine_that_is_made() -> None:
    text = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "C"}, "B": END}})
    with pytest.raises(Exception, match="400") as error:
        defining.create_state_machine(backend(), {"name": "m", "definition": text, "roleArn": ROLE})
    assert str(error.value.message) == (  # type: ignore[attr-defined]
        "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: C at /States/A/Next, "
        'MISSING_TRANSITION_TARGET: State "B" is not reachable. at /States/B\''
    )


def test_diagnostics_have_places_and_so_many() -> None:
    text = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "C"}, "B": END}})
    told = validating.validate_state_machine_definition(backend(), {"definition": text, "maxResults": 1})
    assert told == {
        "result": "FAIL",
        "diagnostics": [
            {
                "severity": "ERROR",
                "code": "MISSING_TRANSITION_TARGET",
                "message": "Missing 'Next' target: C",
                "location": "/States/A/Next",
            }
        ],
        "truncated": True,
    }


def test_what_was_refused_leaves_nothing_behind() -> None:
    bad = {
        "QueryLanguage": "JSONata",
        "StartAt": "A",
        "States": {"A": {**TASK, "Resource": "arn:aws:states:::no:such"}},
    }
    good = {"StartAt": "A", "States": {"A": {**TASK, "Parameters": {"QueueUrl.$": "$.q", "MessageBody": "m"}}}}
    for definition, result in ((bad, "FAIL"), (good, "OK")):
        told = validating.validate_state_machine_definition(backend(), {"definition": json.dumps(definition)})
        assert told["result"] == result, told
