"""A backend of moto's interpreter, and machines in it."""

import json
from typing import Any

import pytest

from lambent.neighbour.bridges.machines import defining, executions
from tests.unit.waiting import until_a_thread

ROLE = "arn:aws:iam::111111111111:role/r"
PASS: dict[str, Any] = {"A": {"Type": "Pass", "End": True}}
WAITS: dict[str, Any] = {"A": {"Type": "Wait", "Seconds": 60, "End": True}}


def backend() -> Any:
    from moto.stepfunctions.parser.models import StepFunctionsParserBackend

    return StepFunctionsParserBackend("eu-west-1", "111111111111")


def definition(states: dict[str, Any] = PASS) -> str:
    return json.dumps({"StartAt": "A", "States": states})


def machine(there: Any, states: dict[str, Any] = PASS, name: str = "m", **said: Any) -> dict[str, Any]:
    return defining.create_state_machine(
        there, {"name": name, "definition": definition(states), "roleArn": ROLE, **said}
    )


def started(there: Any, arn: str, **said: Any) -> str:
    found: str = executions.start_execution(there, {"stateMachineArn": arn, **said})["executionArn"]
    return found


def ended(there: Any, arn: str) -> dict[str, Any]:
    """What is said of an execution when it runs no more."""

    def told() -> dict[str, Any] | None:
        said = executions.describe_execution(there, {"executionArn": arn})
        return said if said["status"] != "RUNNING" else None

    found: dict[str, Any] = until_a_thread(told)
    return found


def refused(code: str) -> Any:
    """A block that AWS refuses with a code."""
    from moto.core.exceptions import AWSError

    class Refused:
        def __enter__(self) -> None:
            self.raises = pytest.raises(AWSError)
            self.info = self.raises.__enter__()

        def __exit__(self, *why: Any) -> bool:
            found = bool(self.raises.__exit__(*why))
            assert self.info.value.error_type == code
            return found

    return Refused()
