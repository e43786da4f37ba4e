"""RedriveExecution: an execution that did not succeed goes on at the state where it ended, with what that was given.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html,
https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html
"""

import json
from datetime import datetime, timedelta
from typing import Any

from lambent.neighbour.bridges import timing
from lambent.neighbour.bridges.machines import ending, executions
from lambent.neighbour.bridges.machines.context import written
from lambent.neighbour.bridges.machines.request import Params, refusal

TOKEN_SECONDS = 900
"""So long the same request is the same redrive."""
REDRIVABLE = timedelta(days=14)
TOO_LATE = "Execution has exceeded the redrivable period of 14 days and cannot be redriven"
TOO_LONG = "Execution history event limit exceeded and cannot be redriven"
OF_RUN = "Execution is a child of a Map Run and is redriven by its parent"
PARTS = ("Parallel", "Map")
NOT_YET = "Lambent does not redrive an execution that ended in a {} state yet: {}."


def redrive_execution(backend: Any, said: Params) -> dict[str, Any]:
    """When it was begun again. Raises moto's InvalidArn, ExecutionDoesNotExist, ExecutionNotRedrivable."""
    execution, now, token = executions.standard(backend, said["executionArn"]), timing.moment(), said.get("clientToken")
    former = getattr(execution, "redrive_tokens", {}).get(token)
    if former is not None and (now - former).total_seconds() < TOKEN_SECONDS:
        return {"redriveDate": former}
    reason = why_not(execution, now)
    if reason:
        raise refusal("ExecutionNotRedrivable", reason)
    _begin(execution, now)
    if token:
        execution.redrive_tokens = {**getattr(execution, "redrive_tokens", {}), token: now}
    return {"redriveDate": now}


def why_not(execution: Any, now: datetime) -> str:
    """What stands against it; "" where nothing does."""
    status = executions.status_of(execution)
    if "/" in execution.execution_arn:
        return OF_RUN
    if status in (executions.RUNNING, executions.SUCCEEDED):
        return f"Execution is {status} and cannot be redriven"
    if now - execution.stop_date > REDRIVABLE:
        return TOO_LATE
    manager = _manager(execution)
    return TOO_LONG if manager is not None and len(manager._history_event_list) >= ending.MOST_EVENTS - 1 else ""


def _manager(execution: Any) -> Any:
    env = getattr(execution.exec_worker, "env", None)
    return None if env is None else env.event_manager


def _begin(execution: Any, now: datetime) -> None:
    name, given = _ended_at(execution)
    former = execution.exec_worker.env if execution.exec_worker else None
    execution.redriven = {"state": name, "input": given, "former": former}
    execution.redrive_count, execution.redrive_date = getattr(execution, "redrive_count", 0) + 1, now
    if execution._cloud_watch_logging_session is not None:
        execution._cloud_watch_logging_session.redrives = execution.redrive_count
    execution.stop_date = execution.error = execution.cause = execution.exec_worker = None
    execution.start()


def _ended_at(execution: Any) -> tuple[str | None, Any]:
    """The state in which it ended, and its input; None where it had begun none. Raises moto's fault for what is not
    begun again yet."""
    env = getattr(execution.exec_worker, "env", None)
    state = {} if env is None else env.states.context_object.context_object_data.get("State") or {}
    name = state.get("Name")
    if name is None:
        return None, execution.input_data
    kind = json.loads(execution.state_machine.definition)["States"].get(name, {}).get("Type")
    if kind in PARTS:
        raise refusal("NotImplementedException", NOT_YET.format(kind, "what of it succeeded would run again"))
    return name, env.states.get_input() if env is not None else execution.input_data


def go_on(worker: Any) -> None:
    """What a worker of moto's runs of an execution that was begun again."""
    execution = worker._execution_communication.execution
    program, env = worker._get_evaluation_entrypoint(), worker._get_evaluation_environment()
    redriven, former = execution.redriven, execution.redriven["former"]
    if former is not None:
        _take_over(env, former)
    env.states.reset(redriven["input"])
    env.redriven_state = redriven["state"]
    held = env.states.context_object.context_object_data["Execution"]
    held["RedriveCount"], held["RedriveTime"] = execution.redrive_count, written(execution.redrive_date)
    details = {"executionRedrivenEventDetails": {"redriveCount": execution.redrive_count}}
    env.event_manager.add_event(env.event_history_context, "ExecutionRedriven", details)
    env.event_manager.entered = redriven["state"]
    worker.env = env
    program.eval(env)
    worker._execution_communication.terminated()


def _take_over(env: Any, former: Any) -> None:
    """The history, the variables and the map runs of before. What a task of then still does comes into no history."""
    from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext

    manager, old = env.event_manager, former.event_manager
    manager._history_event_list.extend(old._history_event_list)
    manager._event_id_gen._next_id = old._event_id_gen._next_id
    old.is_over = True
    env.event_history_context = EventHistoryContext(old._event_id_gen._next_id - 1)
    env.variable_store = former.variable_store
    env.map_run_record_pool_manager = former.map_run_record_pool_manager
