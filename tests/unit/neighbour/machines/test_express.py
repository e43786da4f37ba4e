"""Express workflows that are waited for."""

import json
from typing import Any

import pytest

from lambent.neighbour.bridges.machines import express

ROLE = "arn:aws:iam::111111111111:role/r"


def started(
    states: dict[str, Any], kind: str = "EXPRESS", seconds: float = express.SECONDS, **said: Any
) -> dict[str, Any]:
    """The answer of an execution of a machine that begins with A."""
    from moto.stepfunctions.parser.models import StepFunctionsParserBackend

    backend: Any = StepFunctionsParserBackend("eu-west-1", "111111111111")
    text = json.dumps({"StartAt": "A", "States": states})
    machine = backend.create_state_machine(name="m", definition=text, roleArn=ROLE, sm_type=kind)
    found = express.start_sync_execution(backend, {"stateMachineArn": machine.arn, **said}, seconds)
    assert machine.executions == []
    return found


def test_it_is_told_when_it_has_ended() -> None:
    told = started({"A": {"Type": "Pass", "Result": {"b": 1}, "End": True}}, name="n", input='{"a": 2}')
    assert told["executionArn"].startswith("arn:aws:states:eu-west-1:111111111111:express:m:n:")
    assert (told["status"], told["output"], told["input"]) == ("SUCCEEDED", '{"b":1}', '{"a":2}')
    assert told["billingDetails"] == {"billedMemoryUsedInMB": 64, "billedDurationInMilliseconds": 100}
    assert told["stopDate"] >= told["startDate"]


def test_it_may_fail() -> None:
    told = started({"A": {"Type": "Fail", "Error": "Mine", "Cause": "so"}})
    assert (told["status"], told["error"], told["cause"]) == ("FAILED", "Mine", "so")
    assert told.get("output") is None


def test_its_time_is_bounded() -> None:
    told = started({"A": {"Type": "Wait", "Seconds": 1, "End": True}}, seconds=0.01)
    assert (told["status"], told["error"]) == ("TIMED_OUT", "States.Timeout")


@pytest.mark.parametrize(
    ("kind", "said", "code"),
    [("STANDARD", {}, "StateMachineTypeNotSupported"), ("EXPRESS", {"input": "{"}, "InvalidExecutionInput")],
)
def test_what_is_none_is_refused(kind: str, said: dict[str, Any], code: str) -> None:
    from moto.core.exceptions import AWSError

    with pytest.raises(AWSError) as refused:
        started({"A": {"Type": "Pass", "End": True}}, kind, **said)
    assert refused.value.error_type == code
