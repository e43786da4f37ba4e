"""Activities, whose workers ask for tasks, and the tokens by which tasks are ended from outside.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html (a worker waits
a minute), API_SendTaskSuccess.html
"""

import json
import time
from collections.abc import Callable
from typing import Any

from lambent.neighbour.bridges.machines.request import ACTIVITY, Params, checked_arn, page, refusal

WAIT_SECONDS, STEP_SECONDS = 60, 0.1
GONE = "Task Timed Out: 'Provided task does not exist anymore'"
UNKNOWN = "Invalid Token: 'Invalid token'"


def create_activity(backend: Any, said: Params) -> dict[str, Any]:
    """The same name again answers what is there."""
    backend._validate_name(said["name"])
    if said.get("encryptionConfiguration"):
        backend._validate_encryption_configuration(said["encryptionConfiguration"])
    arn = f"arn:{backend.partition}:states:{backend.region_name}:{backend.account_id}:activity:{said['name']}"
    activity = store(backend).get(arn)
    if activity is None:
        activity = store(backend)[arn] = _with_tasks(arn, said["name"], said.get("encryptionConfiguration"))
        backend.tagger.tag_resource(arn, said.get("tags") or [])
    return {"activityArn": arn, "creationDate": activity.creation_date}


def describe_activity(backend: Any, said: Params) -> dict[str, Any]:
    """Raises moto's InvalidArn or ActivityDoesNotExist."""
    activity = _found(backend, said["activityArn"])
    return {
        "activityArn": activity.arn,
        "name": activity.name,
        "creationDate": activity.creation_date,
        "encryptionConfiguration": getattr(activity, "encryption_configuration", None) or {"type": "AWS_OWNED_KEY"},
    }


def list_activities(backend: Any, said: Params) -> dict[str, Any]:
    """As they were made."""
    activities = sorted(store(backend).values(), key=lambda one: one.creation_date)
    items = [{"activityArn": one.arn, "name": one.name, "creationDate": one.creation_date} for one in activities]
    return page(items, said, "activities")


def delete_activity(backend: Any, said: Params) -> dict[str, Any]:
    """No error for one that is not there."""
    store(backend).pop(checked_arn(said["activityArn"], ACTIVITY), None)
    return {}


def get_activity_task(backend: Any, said: Params) -> dict[str, Any]:
    """A task that waits for a worker; after a minute without one an answer without a token."""
    from moto.stepfunctions.parser.asl.eval.callback.callback import ActivityCallbackEndpoint

    activity = _found(backend, said["activityArn"])
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        try:
            task = activity.get_task()
        except IndexError:
            time.sleep(STEP_SECONDS)
            continue
        for execution in _running(backend):
            endpoint = execution.exec_worker.env.callback_pool_manager.get(callback_id=task.task_token)
            if isinstance(endpoint, ActivityCallbackEndpoint):
                endpoint.notify_activity_task_start(worker_name=said.get("workerName"))
                return {"taskToken": task.task_token, "input": task.task_input}
    return {}


def send_task_success(backend: Any, said: Params) -> dict[str, Any]:
    """Raises moto's InvalidOutput, InvalidToken, TaskTimedOut."""
    from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackOutcomeSuccess

    try:
        json.loads(said["output"])
    except ValueError as error:
        raise refusal("InvalidOutput", f"Invalid Output: '{error}'") from error
    token = said["taskToken"]
    _tell(backend, lambda pool: pool.notify(token, CallbackOutcomeSuccess(token, said["output"])))
    return {}


def send_task_failure(backend: Any, said: Params) -> dict[str, Any]:
    """Raises moto's InvalidToken, TaskTimedOut."""
    from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackOutcomeFailure

    token = said["taskToken"]
    failed = CallbackOutcomeFailure(token, said.get("error"), said.get("cause"))
    _tell(backend, lambda pool: pool.notify(token, failed))
    return {}


def send_task_heartbeat(backend: Any, said: Params) -> dict[str, Any]:
    """Raises moto's InvalidToken, TaskTimedOut."""
    _tell(backend, lambda pool: pool.heartbeat(said["taskToken"]))
    return {}


def store(backend: Any) -> dict[str, Any]:
    """The activities of an account in a region, by ARN, each with the tasks that wait for a worker."""
    for arn, one in list(backend.activities.items()):
        if not hasattr(one, "add_task"):  # moto's own, of a state that an earlier version kept
            backend.activities[arn] = _with_tasks(arn, one.name, one.encryption_configuration)
    activities: dict[str, Any] = backend.activities
    return activities


def _with_tasks(arn: str, name: str, encryption: Any) -> Any:
    from moto.stepfunctions.parser.backend.activity import Activity

    activity: Any = Activity(arn, name)
    activity.encryption_configuration = encryption
    return activity


def _found(backend: Any, arn: str) -> Any:
    activity = store(backend).get(checked_arn(arn, ACTIVITY))
    if activity is None:
        raise refusal("ActivityDoesNotExist", f"Activity Does Not Exist: '{arn}'")
    return activity


def _running(backend: Any) -> list[Any]:
    return [
        execution
        for machine in backend.state_machines
        for execution in machine.executions
        if getattr(execution.exec_worker, "env", None) is not None
    ]


def _tell(backend: Any, tell: Callable[[Any], bool]) -> None:
    """Whoever waits for a token hears of it."""
    from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackNotifyConsumerError

    for execution in _running(backend):
        try:
            if tell(execution.exec_worker.env.callback_pool_manager):
                return
        except CallbackNotifyConsumerError as error:
            raise refusal("TaskTimedOut", GONE) from error
    raise refusal("InvalidToken", UNKNOWN)
