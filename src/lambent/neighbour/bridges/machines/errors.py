"""Names of errors: which of them a Retry or a Catch means, and how a function's own error is called.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

from lambent.neighbour.bridges.handing import Gateway

ALL, TASK_FAILED, TIMEOUT, UNKNOWN = "States.ALL", "States.TaskFailed", "States.Timeout", "Lambda.Unknown"
TERMINAL = frozenset({"States.Runtime", "States.DataLimitExceeded"})
"""No wildcard means these."""
NO_CHOICE = "States.NoChoiceMatched"
NOWHERE = "Failed to transition out of the state. The state does not point to a next state."
NO_APIS = "Lambent does not run tasks of API Gateway (arn:aws:states:::apigateway:invoke) yet"
UNDETERMINED = "The cause could not be determined because Lambda did not return an error type. Returned payload: {}"
"""As users of AWS have reported it: https://github.com/aws/aws-cdk/issues/9273."""


def means(names: Iterable[str | None], error: str | None) -> bool:
    """Whether `ErrorEquals` with these names means an error."""
    return any(
        name == error
        or (name == ALL and error not in TERMINAL)
        or (name == TASK_FAILED and error not in TERMINAL and error != TIMEOUT)
        for name in names
    )


def equals(_gateway: Gateway, _former: Any) -> Callable[..., None]:
    """In place of moto's `ErrorEqualsDecl._eval_body`."""

    def run(declared: Any, env: Any) -> None:
        error = env.stack.pop().error_name
        env.stack.append(means((one.error_name for one in declared.error_names), error))

    return run


def custom(_gateway: Gateway, _former: Any) -> Callable[..., None]:
    """In place of moto's `CustomErrorName.__init__`, which fails on what a Fail state, a branch or an iteration ends
    with where that is one of AWS's own (`States.Timeout`)."""

    def init(name: Any, error_name: str | None) -> None:
        name.error_name = error_name

    return init


def untyped(failed: Any, ex: Exception) -> Any:
    """A failed task's event; of a function whose error has no type it is `Lambda.Unknown`."""
    payload = getattr(ex, "payload", None)
    if isinstance(payload, str) and not _has_type(payload):
        for details in failed.event_details.values():
            details["error"], details["cause"] = UNKNOWN, UNDETERMINED.format(payload)
        failed.error_name.error_name = UNKNOWN
    return failed


def _has_type(payload: str) -> bool:
    said = json.loads(payload)
    return isinstance(said, dict) and isinstance(said.get("errorType"), str)


def unmatched(_gateway: Gateway, former: Callable[..., None]) -> Callable[..., None]:
    """Around moto's `StateChoice._eval_state`: without a rule that matches it has AWS's error."""

    def evaluate(state: Any, env: Any) -> None:
        try:
            former(state, env)
        except RuntimeError as error:
            raise failure(env, "ExecutionFailed", NO_CHOICE, _where(env, NOWHERE)) from error

    return evaluate


def no_gateway(_gateway: Gateway, _former: Any) -> Callable[..., None]:
    """In place of moto's `StateTaskServiceApiGateway._eval_service_task`, which asks by a network that it has not,
    and has a parameter that nobody gives it."""

    def run(_task: Any, env: Any, **_said: Any) -> None:
        raise failure(env, "TaskFailed", "ApiGateway.NotImplementedException", NO_APIS)

    return run


def of_gateway(_gateway: Gateway, _former: Any) -> Callable[..., Any]:
    """In place of moto's `StateTaskServiceApiGateway._from_error`, which fails itself."""

    def from_error(_task: Any, env: Any, ex: Exception) -> Any:
        raised: Any = ex if hasattr(ex, "failure_event") else None
        raised = raised or failure(env, "TaskFailed", f"ApiGateway.{type(ex).__name__}", str(ex))
        return raised.failure_event

    return from_error


def _where(env: Any, told: str) -> str:
    entered = f"(entered at the event id #{env.event_history_context.source_event_id})"
    return f"An error occurred while executing the state '{env.next_state_name}' {entered}. {told}"


def failure(env: Any, event: str, error: str, cause: str) -> Exception:
    """moto's FailureEventException, which tells the history so (`TaskFailed`)."""
    from moto.stepfunctions.parser.api import HistoryEventType
    from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
    from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
        FailureEvent,
        FailureEventException,
    )

    details: Any = {f"{event[0].lower()}{event[1:]}EventDetails": {"error": error, "cause": cause}}
    return FailureEventException(FailureEvent(env, CustomErrorName(error), HistoryEventType(event), details))
