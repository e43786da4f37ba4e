"""What EventBridge hears of executions: that one of a standard machine began, and how it ended.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html (the detail, in full)
"""

from collections.abc import Callable
from datetime import datetime
from http.client import HTTPException
from typing import Any

from lambent.neighbour.bridges import timing
from lambent.neighbour.bridges.handing import Gateway
from lambent.neighbour.bridges.machines import executions
from lambent.neighbour.bridges.results import to_json_str


def begun(gateway: Gateway, former: Callable[[Any], None]) -> Callable[[Any], None]:
    """Around moto's `Execution.start`."""

    def start(execution: Any) -> None:
        tell(gateway, execution, executions.RUNNING)
        former(execution)

    return start


def ended(gateway: Gateway, former: Callable[[Any], None]) -> Callable[[Any], None]:
    """Around moto's `BaseExecutionWorkerCommunication._reflect_execution_status`: one that was stopped has ended, and
    was told; what ran it before it was begun again has no say."""

    def reflect(worker: Any) -> None:
        is_current = getattr(worker.execution.exec_worker, "_execution_communication", None) is worker
        if worker.execution.stop_date is None and is_current:
            _keep_output(worker.execution)
            former(worker)
            worker.execution.stop_date = timing.moment()
            tell(gateway, worker.execution, executions.status_of(worker.execution))

    return reflect


def _keep_output(execution: Any) -> None:
    """Before moto says that it has succeeded: who asks in between would get no output."""
    from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded

    env = execution.exec_worker.env
    if isinstance(env.program_state(), ProgramEnded):
        execution.output = env.states.get_input()


def tell(gateway: Gateway, execution: Any, status: str) -> None:
    """An execution's status. What is not heard is not told again: the execution goes on all the same."""
    if ":express:" in execution.execution_arn or "/" in execution.execution_arn:  # a map run's are its own business
        return
    try:
        gateway.tell({"execution": execution.execution_arn, "detail": detail(execution, status)})
    except (OSError, HTTPException, ValueError):
        return


def detail(execution: Any, status: str) -> dict[str, Any]:
    """As AWS has it: what is not there is null, moments are milliseconds."""
    told = executions.told(execution)
    has_output = status == executions.SUCCEEDED
    return {
        "executionArn": told["executionArn"],
        "stateMachineArn": told["stateMachineArn"],
        "name": told["name"],
        "status": status,
        "startDate": _milliseconds(told["startDate"]),
        "stopDate": None if status == executions.RUNNING else _milliseconds(told["stopDate"]),
        "input": execution.execution_input,
        "inputDetails": executions.INCLUDED,
        "output": to_json_str(execution.output) if has_output else None,
        "outputDetails": executions.INCLUDED if has_output else None,
        "stateMachineVersionArn": told["stateMachineVersionArn"],
        "stateMachineAliasArn": told["stateMachineAliasArn"],
        "redriveCount": told["redriveCount"],
        "redriveDate": _milliseconds(told["redriveDate"]),
        "redriveStatusReason": None,
        **executions.redrive(status),
        "error": execution.error,
        "cause": execution.cause,
    }


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
