"""The context object of an execution, as AWS has it.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
"""

from collections.abc import Callable
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from lambent.neighbour.bridges import timing
from lambent.neighbour.bridges.handing import Gateway


def environment(_gateway: Gateway, former: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Around moto's `ExecutionWorker._get_evaluation_environment`."""

    def make(worker: Any) -> Any:
        env = former(worker)
        env.event_manager.env = env
        execution = env.states.context_object.context_object_data["Execution"]
        execution["StartTime"] = written(execution["StartTime"])
        execution["RedriveCount"] = 0
        given = getattr(worker._execution_communication.execution, "given_context", {})
        env.states.context_object.context_object_data.update(given)
        return env

    return make


def states(module: ModuleType) -> None:
    """`moto.stepfunctions.parser.asl.component.state.state`: when a state was entered, and its retries."""

    def entered(EnteredTime: str, Name: str) -> dict[str, Any]:
        return {"EnteredTime": written(timing.moment()), "Name": Name, "RetryCount": 0}

    vars(module)["StateData"] = entered


def threads(module: ModuleType) -> None:
    """`moto.stepfunctions.parser.utils`: moto remembers every thread for ever, and asks none."""

    class Forgotten(list[Any]):
        def append(self, _thread: Any) -> None:
            pass

    vars(module)["TMP_THREADS"] = Forgotten()


def written(moment: datetime) -> str:
    """`2026-11-30T15:04:21.123Z`."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
