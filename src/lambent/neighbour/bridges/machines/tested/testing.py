"""TestState: one state is run by moto's interpreter, with what it calls, or with a mock of that.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html
"""

import json
import threading
import uuid
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from lambent.neighbour.bridges.machines.executions import json_input, made, status_of
from lambent.neighbour.bridges.machines.maps.running import EXCEEDED
from lambent.neighbour.bridges.machines.request import Params, refusal
from lambent.neighbour.bridges.machines.tested import inspecting
from lambent.neighbour.bridges.machines.tested.arranging import (
    MARK,
    MOCKED,
    Arranged,
    Refused,
    arranged,
    found,
    needs_mock,
)
from lambent.neighbour.bridges.results import to_json_str

SECONDS = 300
"""A state is tried so long at most."""
TIMEOUT, INFO = "States.Timeout", "INFO"
NO_ROLE = "arn:aws:iam::{}:role/mocked"
NEEDS_MOCK = (
    "A mock must be specified to test a state of this kind: activities, .sync and .waitForTaskToken, Map, Parallel."
)
NO_MOCK = "A mock can be specified for Task, Map and Parallel states only."
ONE_MOCK = "A mock must have either a result or an errorOutput."
NEEDS_ROLE = "A roleArn must be specified to test a Task state without a mock."
SECRETS = "revealSecrets can be specified with the inspection level TRACE only."


def test_state(backend: Any, said: Params) -> dict[str, Any]:
    """What becomes of the state. Raises moto's ValidationException, InvalidDefinition, InvalidExecutionInput."""
    try:
        name, state, language = found(_json(said["definition"], "definition"), said.get("stateName"))
    except Refused as error:
        raise refusal("ValidationException", str(error)) from error
    mock = _mock(said, state)
    variables = _json(said.get("variables") or "{}", "variables")
    whole = arranged(name, state, language, variables, mocked=mock is not None)
    backend._validate_definition(definition=whole.definition)
    execution = _run(backend, said, whole, name, mock)
    told = _told(execution, state, whole, (said.get("stateConfiguration") or {}).get("retrierRetryCount") or 0)
    if (said.get("inspectionLevel") or INFO) != INFO:
        data = _inspected(execution, said, state, language, mock, variables)
        told["inspectionData"] = {**data, **told.pop("inspectionData", {})}
    else:
        told.pop("inspectionData", None)
    return told


def _json(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        code = "InvalidDefinition" if what == "definition" else "ValidationException"
        raise refusal(code, f"Invalid JSON in {what}: {error}") from error


def _mock(said: Params, state: Mapping[str, Any]) -> dict[str, Any] | None:
    """What stands for the call: `result` or `error` and `cause`."""
    if said.get("revealSecrets") and said.get("inspectionLevel") != "TRACE":
        raise refusal("ValidationException", SECRETS)
    asked = said.get("mock")
    if asked is None:
        if needs_mock(state):
            raise refusal("ValidationException", NEEDS_MOCK)
        if state.get("Type") == "Task" and not said.get("roleArn"):
            raise refusal("ValidationException", NEEDS_ROLE)
        return None
    if state.get("Type") not in MOCKED:
        raise refusal("ValidationException", NO_MOCK)
    if (asked.get("result") is None) is (asked.get("errorOutput") is None):
        raise refusal("ValidationException", ONE_MOCK)
    failures = (said.get("stateConfiguration") or {}).get("mapIterationFailureCount") or 0
    if state.get("Type") == "Map" and failures > (state.get("ToleratedFailureCount") or 0):
        return {"error": EXCEEDED[0], "cause": EXCEEDED[1]}
    if asked.get("errorOutput") is not None:
        return {"error": asked["errorOutput"].get("error") or "", "cause": asked["errorOutput"].get("cause") or ""}
    return {"result": _json(asked["result"], "mock.result")}


def _run(backend: Any, said: Params, whole: Arranged, name: str, mock: Mapping[str, Any] | None) -> Any:
    from moto.stepfunctions.parser.api import ExecutionStatus, StateMachineType
    from moto.stepfunctions.parser.backend.execution import Execution

    called = f"TestState-{uuid.uuid4()}"
    place = f"arn:aws:states:{backend.region_name}:{backend.account_id}"
    machine = SimpleNamespace(
        arn=f"{place}:stateMachine:{called}",
        name=called,
        definition=whole.definition,
        type="STANDARD",
        sm_type=StateMachineType.STANDARD,
        roleArn=said.get("roleArn") or NO_ROLE.format(backend.account_id),
        loggingConfiguration={},
        executions=[],
    )
    given = json_input(said.get("input"))
    execution = made(Execution, backend, machine, f"{place}:express:{called}:{uuid.uuid4()}", called, given, None)
    execution.given_context = _json(said.get("context") or "{}", "context")
    execution.exec_worker = execution._get_start_execution_worker()
    execution.exec_worker._mock_test_case = None if mock is None else _case(name, mock)
    execution.exec_status = ExecutionStatus.RUNNING
    worker = threading.Thread(target=execution.exec_worker._execution_logic, daemon=True)
    worker.start()
    worker.join(SECONDS)
    if worker.is_alive():
        execution.exec_status, execution.error = ExecutionStatus.FAILED, TIMEOUT
    return execution


def _case(name: str, mock: Mapping[str, Any]) -> Any:
    from moto.stepfunctions.parser.mocking import mock_config

    answer: mock_config.MockedResponse
    if "result" in mock:
        answer = mock_config.MockedResponseReturn(0, 0, {"StatusCode": 200, "Payload": mock["result"]})
    else:
        answer = mock_config.MockedResponseThrow(0, 0, mock["error"], mock["cause"])
    return mock_config.MockTestCase("-", "-", [mock_config.StateMockedResponses(name, "-", [answer])])


def _told(execution: Any, state: Mapping[str, Any], whole: Arranged, count: int) -> dict[str, Any]:
    events = _events(execution)
    names = [(one.get("stateEnteredEventDetails") or {}).get("name", "") for one in events]
    reached = next((one for one in reversed(names) if one in whole.targets), None)
    caught = reached is not None and reached.startswith(f"{MARK}Catch")
    error, cause = _error(events) if caught else (execution.error, execution.cause)
    failed = {"error": error, "cause": cause}
    if caught or status_of(execution) != "SUCCEEDED":
        again = inspecting.retried(state, error or "", count)
        if again is not None:
            return {"status": "RETRIABLE", **failed, "inspectionData": {"errorDetails": again}}
    if caught and reached is not None:
        details = {"catchIndex": int(reached.removeprefix(f"{MARK}Catch"))}
        ended = {"output": to_json_str(execution.output), "nextState": whole.targets[reached]}
        return {"status": "CAUGHT_ERROR", **failed, **ended, "inspectionData": {"errorDetails": details}}
    if status_of(execution) != "SUCCEEDED":
        return {"status": "FAILED", **failed}
    more = {"nextState": whole.targets[reached]} if reached is not None else {}
    return {"status": "SUCCEEDED", "output": to_json_str(execution.output), **more}


def _events(execution: Any) -> list[dict[str, Any]]:
    env = execution.exec_worker.env
    return [] if env is None else list(env.event_manager.get_event_history())


def _details(events: list[dict[str, Any]], member: str) -> dict[str, Any]:
    """Of the last event that has details with this member."""
    all_of_them = [one for event in reversed(events) for one in event.values() if isinstance(one, dict)]
    return next((one for one in all_of_them if member in one), {})


def _error(events: list[dict[str, Any]]) -> tuple[str | None, str | None]:
    found_in = _details(events, "error")
    return found_in.get("error"), found_in.get("cause")


def _inspected(
    execution: Any, said: Params, state: Mapping[str, Any], language: str, mock: Any, variables: Mapping[str, Any]
) -> dict[str, Any]:
    given = json_input(said.get("input"))
    env = execution.exec_worker._get_evaluation_environment()
    env.next_state_name = "-"
    env.states.reset(json.loads(given))
    for name, value in variables.items():
        env.variable_store.set(name, value)
    try:
        data = inspecting.inspected(env, state, language, given, _result(execution, mock))
    except Exception:  # what can't be evaluated is why the state has failed
        data = {"input": given}
    held = execution.exec_worker.env.variable_store
    after = {**held._outer_scope, **held._inner_scope}
    return {**data, "variables": to_json_str(after)} if after else data


def _result(execution: Any, mock: Mapping[str, Any] | None) -> list[Any]:
    """Of the state's task, if it has one: a list of it."""
    if mock is not None:
        return [mock["result"]] if "result" in mock else []
    for event in reversed(_events(execution)):
        if event["type"] in ("TaskSucceeded", "LambdaFunctionSucceeded"):
            return [json.loads(_details([event], "output")["output"])]
    return []
