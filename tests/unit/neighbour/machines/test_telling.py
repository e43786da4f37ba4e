"""What EventBridge hears of executions."""

from typing import Any

import pytest

from lambent.neighbour.bridges.machines import telling
from tests.unit.neighbour.machines.plane import backend, ended, machine, started


class Heard:
    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []

    def tell(self, said: dict[str, Any]) -> None:
        self.said.append(said)


def test_an_execution_is_told_with_every_member() -> None:
    there = backend()
    arn = machine(there)["stateMachineArn"]
    name = started(there, arn, name="n", input='{"a":1}')
    ended(there, name)
    [execution] = there.state_machines[0].executions
    gateway: Any = Heard()
    order: list[str] = []
    telling.begun(gateway, lambda _: order.append(f"{len(gateway.said)}"))(execution)
    worker = execution.exec_worker._execution_communication
    execution.stop_date = None
    telling.ended(gateway, lambda _: None)(worker)
    telling.ended(gateway, lambda _: None)(worker)
    running, over = gateway.said
    assert order == ["1"], "that it runs is told before it does"
    assert running["detail"] == {
        "executionArn": name,
        "stateMachineArn": arn,
        "name": "n",
        "status": "RUNNING",
        "startDate": int(execution.start_date.timestamp() * 1000),
        "stopDate": None,
        "input": '{"a":1}',
        "inputDetails": {"included": True},
        "output": None,
        "outputDetails": None,
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "redriveCount": 0,
        "redriveDate": None,
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": "Execution is RUNNING and cannot be redriven",
        "error": None,
        "cause": None,
    }
    assert (over["execution"], over["detail"]["status"], over["detail"]["output"]) == (name, "SUCCEEDED", '{"a":1}')
    assert over["detail"]["stopDate"] >= over["detail"]["startDate"]


def test_express_executions_are_not_told_and_a_deaf_gateway_stops_none() -> None:
    there = backend()
    machine(there, type="EXPRESS")
    started(there, there.state_machines[0].arn)
    gateway: Any = Heard()
    ran: list[Any] = []
    telling.begun(gateway, ran.append)(there.state_machines[0].executions[0])
    assert (gateway.said, len(ran)) == ([], 1)

    def fail(_said: Any) -> None:
        raise OSError

    machine(there, name="standard")
    started(there, there.state_machines[1].arn)
    gateway.tell = fail
    telling.begun(gateway, ran.append)(there.state_machines[1].executions[0])
    assert len(ran) == 2


def test_the_output_is_there_as_soon_as_it_has_succeeded(monkeypatch: pytest.MonkeyPatch) -> None:
    from moto.stepfunctions.parser.backend.execution import Execution

    outputs: dict[str, Any] = {}  # by execution: one of another test may end now

    def assign(execution: Any, name: str, value: Any) -> None:
        if name == "exec_status" and getattr(value, "value", "") == "SUCCEEDED":
            outputs[execution.exec_arn] = execution.output
        object.__setattr__(execution, name, value)

    monkeypatch.setattr(Execution, "__setattr__", assign)
    there = backend()
    execution = started(there, machine(there)["stateMachineArn"], input='{"a": 1}')
    ended(there, execution)
    assert outputs[execution] == {"a": 1}
