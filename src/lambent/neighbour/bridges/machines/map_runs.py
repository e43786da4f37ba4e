"""Runs of distributed Map states: described, listed, changed while they run.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeMapRun.html, API_ListMapRuns.html,
API_UpdateMapRun.html
"""

from collections.abc import Iterator
from typing import Any

from lambent.neighbour.bridges.machines.request import EXECUTION, MAP_RUN, Params, checked_arn, page, refusal

NOTHING = "At least one of maxConcurrency, toleratedFailureCount or toleratedFailurePercentage must be specified."
LIMITS = {
    "maxConcurrency": "max_concurrency",
    "toleratedFailureCount": "count",
    "toleratedFailurePercentage": "percentage",
}


def describe_map_run(backend: Any, said: Params) -> dict[str, Any]:
    """Counts of its items and its executions."""
    record = found(backend, said["mapRunArn"])
    ended = {"stopDate": record.stop_date} if record.stop_date else {}
    none_redriven = {"failuresNotRedrivable": 0, "pendingRedrive": 0}
    return {
        **record.describe(),
        "startDate": record.start_date,
        **ended,
        "itemCounts": {**record.item_counter.describe(), **none_redriven},
        "executionCounts": {**record.execution_counter.describe(), **none_redriven},
        "redriveCount": 0,
    }


def list_map_runs(backend: Any, said: Params) -> dict[str, Any]:
    """Of an execution, the newest first."""
    arn = checked_arn(said["executionArn"], EXECUTION)
    execution = next((one for one in _executions(backend) if one.execution_arn == arn), None)
    if execution is None:
        raise refusal("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    items = [
        {
            "executionArn": one.execution_arn,
            "mapRunArn": one.map_run_arn,
            "stateMachineArn": one.map_state_machine_arn,
            "startDate": one.start_date,
            "stopDate": one.stop_date,
        }
        for one in sorted(_records(execution), key=lambda one: one.start_date, reverse=True)
    ]
    present = [{name: value for name, value in one.items() if value is not None} for one in items]
    return page(present, said, "mapRuns")


def update_map_run(backend: Any, said: Params) -> dict[str, Any]:
    """What counts from now on."""
    changes = {place: said[name] for name, place in LIMITS.items() if said.get(name) is not None}
    if not changes:
        raise refusal("MissingRequiredParameter", NOTHING)
    record = found(backend, said["mapRunArn"])
    if record.stop_date is not None:
        raise refusal("ValidationException", f"Map Run {record.map_run_arn} has ended and can't be changed.")
    record.update(said.get("maxConcurrency"), said.get("toleratedFailureCount"), said.get("toleratedFailurePercentage"))
    record.given = {**record.given, **changes}
    return {}


def found(backend: Any, arn: str) -> Any:
    """A run. Raises moto's InvalidArn or ResourceNotFound."""
    checked_arn(arn, MAP_RUN)
    for execution in _executions(backend):
        for record in _records(execution):
            if record.map_run_arn == arn:
                return record
    raise refusal("ResourceNotFound", f"Resource not found: '{arn}'")


def children(record: Any) -> list[Any]:
    """The executions of a run."""
    return list(getattr(record, "children", ()))


def children_of(execution: Any) -> Iterator[Any]:
    """The executions of an execution's runs, and of theirs."""
    for record in _records(execution):
        for child in children(record):
            yield child
            yield from children_of(child)


def interrupt(execution: Any) -> None:
    """The runs of an execution that nothing runs any more have failed."""
    for record in _records(execution):
        if record.stop_date is None:
            record.set_stop("FAILED")


def of_child(backend: Any, execution: Any) -> str | None:
    """The run that an execution is of."""
    if "/" not in execution.execution_arn:
        return None
    runs = (record for one in _executions(backend) for record in _records(one))
    return next((run.map_run_arn for run in runs if execution in children(run)), None)


def _records(execution: Any) -> list[Any]:
    env = getattr(execution.exec_worker, "env", None)
    return env.map_run_record_pool_manager.get_all() if env is not None else []


def _executions(backend: Any) -> Iterator[Any]:
    for machine in backend.state_machines:
        for execution in list(machine.executions):
            yield execution
            yield from children_of(execution)
