"""Step Functions: an express workflow that is waited for, of which moto's interpreter knows and its server does not.

Nothing of such an execution is kept: it is told once, to who waits for it.
Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartSyncExecution.html, and of its name
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-express-synchronous.html.
"""

import json
import threading
import uuid
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from lambent.model.prices import EXPRESS_MB, express_ms

SECONDS = 300
"""An express workflow runs so long at most:
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html."""
TIMEOUT = "States.Timeout"


def answered(responses: ModuleType) -> None:
    """`moto.stepfunctions.responses` is given the operation, unless it has it by now."""

    def start_sync_execution(answer: Any) -> Any:
        said = {name: answer._get_param(name) for name in ("stateMachineArn", "name", "input", "traceHeader")}
        return responses.ActionResult(_run(answer.stepfunction_backend, said))

    if not hasattr(responses.StepFunctionResponse, start_sync_execution.__name__):
        responses.StepFunctionResponse.start_sync_execution = start_sync_execution


def _run(backend: Any, said: dict[str, Any]) -> dict[str, Any]:
    """The answer, when the execution has ended. Raises moto's faults."""
    from moto.core.exceptions import AWSError

    machine = backend.describe_state_machine(said["stateMachineArn"])
    if machine.type != "EXPRESS":
        text = "This operation is not supported by this type of state machine"
        raise AWSError(text, exception_type="StateMachineTypeNotSupported")
    execution = _made(backend, machine, said)
    worker = threading.Thread(target=execution.start, daemon=True)
    worker.start()
    worker.join(SECONDS)
    now = datetime.now(UTC)
    if worker.is_alive() and execution.exec_worker.env is not None:
        execution.stop(now, TIMEOUT, None)
    return told(execution, now)


def _made(backend: Any, machine: Any, said: dict[str, Any]) -> Any:
    """The execution, of the machine as it is now."""
    import copy

    from moto.stepfunctions.exceptions import InvalidExecutionInput
    from moto.stepfunctions.parser.api import StateMachineType
    from moto.stepfunctions.parser.backend.execution import SyncExecution

    try:
        json.loads(said["input"] or "{}")
    except ValueError as error:
        raise InvalidExecutionInput(f"Invalid State Machine Execution Input: '{error}'") from error
    kept = {id(machine.executions): [], id(machine.backend): machine.backend}
    name = said["name"] or str(uuid.uuid4())
    return SyncExecution(
        name=name,
        sm_type=StateMachineType.EXPRESS,
        role_arn=machine.roleArn,
        exec_arn=f"{machine.arn.replace(':stateMachine:', ':express:')}:{name}:{uuid.uuid4()}",
        account_id=backend.account_id,
        region_name=backend.region_name,
        state_machine=copy.deepcopy(machine, kept),
        start_date=datetime.now(UTC),
        cloud_watch_logging_session=None,
        activity_store={},
        input_data=said["input"] or "{}",
        trace_header=said["traceHeader"],
    )


def told(execution: Any, now: datetime) -> dict[str, Any]:
    """What AWS says of an execution that has ended, or whose time has."""
    found = dict(execution.to_start_sync_execution_output())
    found |= {} if found["status"] is not None else {"status": "TIMED_OUT", "stopDate": now, "error": TIMEOUT}
    lasted = ((found["stopDate"] or now) - execution.start_date).total_seconds() * 1000
    found["billingDetails"] = {
        "billedMemoryUsedInMB": EXPRESS_MB,
        "billedDurationInMilliseconds": express_ms(lasted),
    }
    return {name: value for name, value in found.items() if value is not None}
