"""Step Functions: an express workflow that is waited for, of which moto's interpreter knows and its server does not.

Nothing of such an execution is kept: it is told once, to who waits for it.
Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartSyncExecution.html, and of its name
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-express-synchronous.html.
"""

import threading
import uuid
from datetime import datetime
from typing import Any

from lambent.model.prices import EXPRESS_MB, express_ms
from lambent.neighbour.bridges import timing
from lambent.neighbour.bridges.machines.executions import EXPRESS, UNSUPPORTED_TYPE, json_input, made
from lambent.neighbour.bridges.machines.request import Params, refusal
from lambent.neighbour.bridges.machines.versions import chosen

SECONDS = 300
"""An express workflow runs so long at most:
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html."""
TIMEOUT = "States.Timeout"


def start_sync_execution(backend: Any, said: Params, seconds: float = SECONDS) -> dict[str, Any]:
    """The answer, when the execution has ended, or has taken so many seconds. Raises moto's faults."""
    machine, _ = chosen(backend, said["stateMachineArn"])
    if machine.type != EXPRESS:
        raise refusal("StateMachineTypeNotSupported", UNSUPPORTED_TYPE)
    execution = _made(backend, machine, said)
    worker = threading.Thread(target=execution.start, daemon=True)
    worker.start()
    worker.join(seconds)
    now = timing.moment()
    if worker.is_alive() and execution.exec_worker.env is not None:
        execution.stop(now, TIMEOUT, None)
    return told(execution, now)


def _made(backend: Any, machine: Any, said: Params) -> Any:
    """The execution, of the machine as it is now."""
    from moto.stepfunctions.parser.backend.execution import SyncExecution

    name = said.get("name") or str(uuid.uuid4())
    arn = f"{getattr(machine, 'source_arn', machine.arn).replace(':stateMachine:', ':express:')}:{name}:{uuid.uuid4()}"
    return made(SyncExecution, backend, machine, arn, name, json_input(said.get("input")), said.get("traceHeader"))


def told(execution: Any, now: datetime) -> dict[str, Any]:
    """What AWS says of an execution that has ended, or whose time has."""
    found = dict(execution.to_start_sync_execution_output())
    found |= {} if found["status"] is not None else {"status": "TIMED_OUT", "stopDate": now, "error": TIMEOUT}
    lasted = ((found["stopDate"] or now) - execution.start_date).total_seconds() * 1000
    found["billingDetails"] = {
        "billedMemoryUsedInMB": EXPRESS_MB,
        "billedDurationInMilliseconds": express_ms(lasted),
    }
    return found
