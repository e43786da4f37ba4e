"""Executions: begun, described, listed, stopped, and their histories.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html (when the same name is
the same execution), API_DescribeExecution.html, API_GetExecutionHistory.html
"""

import copy
import json
import uuid
from typing import Any

from lambent.model.constraints import broken
from lambent.neighbour.bridges import timing
from lambent.neighbour.bridges.machines import logging, map_runs
from lambent.neighbour.bridges.machines.activities import store
from lambent.neighbour.bridges.machines.defining import parts
from lambent.neighbour.bridges.machines.request import EXECUTION, Params, checked_arn, page, refusal
from lambent.neighbour.bridges.machines.versions import chosen
from lambent.neighbour.bridges.results import to_json_str

EXPRESS, RUNNING, SUCCEEDED = "EXPRESS", "RUNNING", "SUCCEEDED"
NOT_OF_EXPRESS = "Invalid Arn: 'Resource type not valid in this context: express'"
ONE_OF_BOTH = "Exactly one of stateMachineArn or mapRunArn must be specified."
UNSUPPORTED_TYPE = "This operation is not supported by this type of state machine"
BY_RUN = {"redriveStatus": "REDRIVABLE_BY_MAP_RUN"}
INCLUDED = {"included": True}
MOST_INPUT = 262_144
"""Bytes of an execution's input: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
BEGAN = "executionStartedEventDetails"
DATA = ("input", "output", "parameters", "assignedVariables")
"""What a history without data leaves out of its events."""


def start_execution(backend: Any, said: Params) -> dict[str, Any]:
    """A standard execution of the same name and input that runs is that one; another of that name is refused."""
    from moto.stepfunctions.parser.backend.execution import Execution

    machine, alias = chosen(backend, said["stateMachineArn"])
    name = said.get("name") or str(uuid.uuid4())
    backend._validate_name(name)
    given = json_input(said.get("input"))
    whole = _whole(backend, machine)
    arn = f"{whole.arn.replace(':stateMachine:', f':{_kind(machine)}:')}:{name}"
    if machine.type == EXPRESS:
        arn = f"{arn}:{uuid.uuid4()}"
    former = next((one for one in whole.executions if one.execution_arn == arn), None)
    if former is not None:
        if status_of(former) != RUNNING or former.input_data != json.loads(given):
            raise refusal("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
        return {"executionArn": arn, "startDate": former.start_date}
    execution = made(Execution, backend, machine, arn, name, given, said.get("traceHeader"))
    execution.machine_alias_arn = alias
    whole.executions.append(execution)
    execution.start()
    return {"executionArn": arn, "startDate": execution.start_date}


def describe_execution(backend: Any, said: Params) -> dict[str, Any]:
    """Of a standard machine's."""
    execution = standard(backend, said["executionArn"])
    status = status_of(execution)
    ended = {"output": to_json_str(execution.output), "outputDetails": INCLUDED} if status == SUCCEEDED else {}
    return {
        **told(execution),
        "mapRunArn": map_runs.of_child(backend, execution),
        "input": execution.execution_input,
        "inputDetails": INCLUDED,
        "traceHeader": execution.trace_header,
        **ended,
        "error": execution.error,
        "cause": execution.cause,
        **(redrive(status) if "/" not in execution.execution_arn else BY_RUN),
    }


def describe_state_machine_for_execution(backend: Any, said: Params) -> dict[str, Any]:
    """The machine as it was when the execution began."""
    machine = found(backend, said["executionArn"]).state_machine
    arn = getattr(machine, "source_arn", machine.arn)
    run = map_runs.of_child(backend, found(backend, said["executionArn"]))
    more = {"mapRunArn": run, "label": run and run.split("/")[-1].partition(":")[0]}
    return {**parts(machine), "stateMachineArn": arn, "updateDate": machine.update_date, **more}


def list_executions(backend: Any, said: Params) -> dict[str, Any]:
    """Of a machine, a version or an alias, the newest first."""
    if bool(said.get("mapRunArn")) is bool(said.get("stateMachineArn")):
        raise refusal("ValidationException", ONE_OF_BOTH)
    if said.get("mapRunArn"):
        return page(_newest(_children(backend, said["mapRunArn"]), said), said, "executions")
    arn = said["stateMachineArn"]
    machine, _ = chosen(backend, arn)
    if machine.type == EXPRESS:
        raise refusal("StateMachineTypeNotSupported", UNSUPPORTED_TYPE)
    items = [told(one) for one in _whole(backend, machine).executions]
    places = ("stateMachineArn", "stateMachineVersionArn", "stateMachineAliasArn")
    items = [one for one in items if arn in (one.get(place) for place in places)]
    return page(_newest(items, said), said, "executions")


def _newest(items: list[dict[str, Any]], said: Params) -> list[dict[str, Any]]:
    asked, redriven = said.get("statusFilter"), said.get("redriveFilter")
    found = [one for one in items if asked in (None, one["status"])]
    found = [one for one in found if redriven in (None, "REDRIVEN" if one["redriveCount"] else "NOT_REDRIVEN")]
    return sorted(found, key=lambda one: one["startDate"], reverse=True)


def _children(backend: Any, arn: str) -> list[dict[str, Any]]:
    record = map_runs.found(backend, arn)
    return [{**told(one), "mapRunArn": arn} for one in list(map_runs.children(record))]


def stop_execution(backend: Any, said: Params) -> dict[str, Any]:
    """One that has ended stays as it is."""
    execution = standard(backend, said["executionArn"])
    if status_of(execution) != RUNNING:
        return {"stopDate": execution.stop_date}
    now = timing.moment()
    execution.stop(now, said.get("error"), said.get("cause"))
    return {"stopDate": now}


def get_execution_history(backend: Any, said: Params) -> dict[str, Any]:
    """A standard execution's; of one that ran in a process that has ended there is none."""
    execution = standard(backend, said["executionArn"])
    worker = execution.exec_worker
    events = _events(execution) if getattr(worker, "env", None) is not None else []
    if said.get("includeExecutionData") is False:
        events = [_without_data(one) for one in events]
    if said.get("reverseOrder"):
        events.reverse()
    return page(events, said, "events")


def found(backend: Any, arn: str) -> Any:
    """Raises moto's InvalidArn or ExecutionDoesNotExist."""
    checked_arn(arn, EXECUTION)
    for machine in backend.state_machines:
        for execution in machine.executions:
            if execution.execution_arn == arn:
                return execution
            for child in map_runs.children_of(execution) if "/" in arn else ():
                if child.execution_arn == arn:
                    return child
    raise refusal("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")


def json_input(text: str | None) -> str:
    """An execution's input. Raises moto's InvalidExecutionInput or ValidationException."""
    if len((text or "").encode()) > MOST_INPUT:
        constraint = f"Member must have length less than or equal to {MOST_INPUT}"
        raise refusal("ValidationException", broken("Value", "input", constraint))
    try:
        json.loads(text or "{}")
    except ValueError as error:
        raise refusal("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{error}'") from error
    return text or "{}"


def _snapshot(machine: Any) -> Any:
    """A machine as it is, for one execution of it: without the others, which can't be copied."""
    kept: dict[int, Any] = {id(machine.executions): []}
    if hasattr(machine, "backend"):
        kept[id(machine.backend)] = machine.backend
    return copy.deepcopy(machine, kept)


def status_of(execution: Any) -> str:
    """AWS's name of it."""
    return str(getattr(execution.exec_status, "value", execution.exec_status))


def made(kind: Any, backend: Any, machine: Any, arn: str, name: str, given: str, trace: str | None) -> Any:
    """An execution of moto's (`kind` is its class) of the machine as it is now, which has not begun."""
    from moto.stepfunctions.parser.api import StateMachineType

    return kind(
        name=name,
        sm_type=StateMachineType(machine.type),
        role_arn=machine.roleArn,
        exec_arn=arn,
        account_id=backend.account_id,
        region_name=backend.region_name,
        state_machine=_snapshot(machine),
        start_date=timing.moment(),
        cloud_watch_logging_session=logging.session(machine, arn),
        activity_store=store(backend),
        input_data=given,
        trace_header=trace,
    )


def _whole(backend: Any, machine: Any) -> Any:
    """The machine that a version is of."""
    arn = getattr(machine, "source_arn", machine.arn)
    return next(one for one in backend.state_machines if one.arn == arn)


def _kind(machine: Any) -> str:
    return "express" if machine.type == EXPRESS else "execution"


def standard(backend: Any, arn: str) -> Any:
    """An execution of a standard machine. Raises moto's InvalidArn or ExecutionDoesNotExist."""
    execution = found(backend, arn)
    if ":express:" in arn:
        raise refusal("InvalidArn", NOT_OF_EXPRESS)
    return execution


def told(execution: Any) -> dict[str, Any]:
    """What lists and descriptions both say of it."""
    machine = execution.state_machine
    is_version = hasattr(machine, "source_arn")
    return {
        "executionArn": execution.execution_arn,
        "stateMachineArn": machine.source_arn if is_version else machine.arn,
        "stateMachineVersionArn": machine.arn if is_version else None,
        "stateMachineAliasArn": getattr(execution, "machine_alias_arn", None),
        "name": execution.name,
        "status": status_of(execution),
        "startDate": execution.start_date,
        "stopDate": execution.stop_date,
        "redriveCount": getattr(execution, "redrive_count", 0),
        "redriveDate": getattr(execution, "redrive_date", None),
    }


def redrive(status: str) -> dict[str, Any]:
    """Whether one of that status could be begun again where it failed, and if not why."""
    if status in (RUNNING, SUCCEEDED):
        reason = f"Execution is {status} and cannot be redriven"
        return {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}
    return {"redriveStatus": "REDRIVABLE"}


def _events(execution: Any) -> list[dict[str, Any]]:
    """Of which the first has the input as it was sent."""
    events = list(execution.to_history_output()["events"])
    if events and BEGAN in events[0]:
        events[0] = {**events[0], BEGAN: {**events[0][BEGAN], "input": execution.execution_input}}
    return events


def _without_data(event: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {member: value for member, value in one.items() if member not in DATA} if isinstance(one, dict) else one
        for name, one in event.items()
    }
