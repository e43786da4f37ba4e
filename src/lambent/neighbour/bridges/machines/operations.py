"""Which operations moto answers as we do, given to its `StepFunctionResponse` when that is imported."""

import json
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from lambent.neighbour.bridges.machines import (
    activities,
    defining,
    executions,
    express,
    map_runs,
    redriving,
    validating,
    versions,
)
from lambent.neighbour.bridges.machines.request import Params
from lambent.neighbour.bridges.machines.tested import testing

Operation = Callable[[Any, Params], dict[str, Any]]
"""(moto's backend, parameters) -> the answer; members that are None are not there."""
OPERATIONS: tuple[Operation, ...] = (
    defining.create_state_machine,
    defining.describe_state_machine,
    defining.list_state_machines,
    defining.update_state_machine,
    defining.delete_state_machine,
    versions.publish_state_machine_version,
    versions.list_state_machine_versions,
    versions.delete_state_machine_version,
    versions.create_state_machine_alias,
    versions.describe_state_machine_alias,
    versions.update_state_machine_alias,
    versions.list_state_machine_aliases,
    versions.delete_state_machine_alias,
    validating.validate_state_machine_definition,
    testing.test_state,
    executions.start_execution,
    express.start_sync_execution,
    executions.describe_execution,
    executions.describe_state_machine_for_execution,
    executions.list_executions,
    executions.stop_execution,
    executions.get_execution_history,
    redriving.redrive_execution,
    map_runs.describe_map_run,
    map_runs.list_map_runs,
    map_runs.update_map_run,
    activities.create_activity,
    activities.describe_activity,
    activities.list_activities,
    activities.delete_activity,
    activities.get_activity_task,
    activities.send_task_success,
    activities.send_task_failure,
    activities.send_task_heartbeat,
)


def answered(responses: ModuleType) -> None:
    """`moto.stepfunctions.responses` answers so."""
    for operation in OPERATIONS:
        setattr(responses.StepFunctionResponse, operation.__name__, _method(responses, operation))


def named(api: ModuleType) -> None:
    """`moto.stepfunctions.parser.api`: the errors that moto's interpreter raises have names, which moto leaves out."""
    from moto.core.exceptions import AWSError

    for one in list(vars(api).values()):
        if isinstance(one, type) and issubclass(one, AWSError) and isinstance(one.__dict__.get("code"), str):
            one.TYPE = one.__dict__["code"]


def _method(responses: ModuleType, operation: Operation) -> Callable[[Any], Any]:
    def answer(asked: Any) -> Any:
        said: Mapping[str, Any] = json.loads(asked.body or "{}")
        found = operation(asked.stepfunction_backend, said)
        return responses.ActionResult({name: value for name, value in found.items() if value is not None})

    return answer
