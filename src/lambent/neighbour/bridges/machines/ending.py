"""How executions end beside by themselves: stopped, out of time, or with as many events as a history may have. Each at
once, whatever their tasks still do: nothing of that is in the history any more.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StopExecution.html; how long a machine and an
express workflow may run, and events of a history: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from lambent.neighbour.bridges import timing
from lambent.neighbour.bridges.handing import Gateway
from lambent.neighbour.bridges.machines import errors, executions, telling

EXPRESS, EXPRESS_SECONDS = "EXPRESS", 300
MOST_EVENTS = 25_000
TOO_MANY = f"The execution reached the maximum number of history events ({MOST_EVENTS})."
RUNTIME = "States.Runtime"
STEP_SECONDS, STEPS = 0.01, 500
"""How long one that has only just been started is waited for, that is to be stopped."""


def evaluated(gateway: Gateway, _former: Any) -> Callable[..., None]:
    """In place of moto's `Program.eval`: its time goes by the platform's clock, and an express workflow has five
    minutes."""

    def run(program: Any, env: Any) -> None:
        env.next_state_name = getattr(env, "redriven_state", None) or program.start_at.start_at_name
        over = threading.Event()
        threading.Thread(target=_body, args=(program, env, over), daemon=True).start()
        seconds = _seconds(program, env)
        if seconds is None:
            over.wait()
        elif not timing.wait(gateway, over, seconds):
            env.set_timed_out()
            _end(env, "ExecutionTimedOut", {"executionTimedOutEventDetails": {}})

    return run


def _body(program: Any, env: Any, over: threading.Event) -> None:
    from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent

    try:
        EvalComponent.eval(program, env)
    finally:
        failed = getattr(env.event_manager, "failed", None)
        if failed is not None:
            env.set_error(failed)
        over.set()


def _seconds(program: Any, env: Any) -> float | None:
    own = program.timeout_seconds.timeout_seconds if program.timeout_seconds else None
    if env.is_frame() or str(getattr(env.execution_type, "value", env.execution_type)) != EXPRESS:
        return own
    return min(own or EXPRESS_SECONDS, EXPRESS_SECONDS)


def added(_gateway: Gateway, former: Callable[..., int]) -> Callable[..., int]:
    """Around moto's `EventManager.add_event`: nothing comes after the end, and the last event that there may be is that
    the execution has failed. Raises moto's FailureEventException then."""

    def add(
        manager: Any,
        context: Any,
        event_type: Any,
        event_details: Any = None,
        timestamp: Any = None,
        update_source_event_id: bool = True,
    ) -> int:
        if getattr(manager, "is_over", False) or _is_entered(manager, event_details):
            return int(context.last_published_event_id)
        if len(manager._history_event_list) >= MOST_EVENTS - 1 and not str(event_type).startswith("Execution"):
            _overflow(former, manager, context)
        return int(former(manager, context, event_type, event_details, timestamp, update_source_event_id))

    return add


def _is_entered(manager: Any, details: Any) -> bool:
    """Whether it is that a state is entered which had been entered before the execution was begun again."""
    entered = getattr(manager, "entered", None)
    if entered is None or (details or {}).get("stateEnteredEventDetails", {}).get("name") != entered:
        return False
    manager.entered = None
    return True


def _overflow(former: Callable[..., int], manager: Any, context: Any) -> None:
    manager.failed = {"error": RUNTIME, "cause": TOO_MANY}
    former(manager, context, "ExecutionFailed", {"executionFailedEventDetails": manager.failed})
    manager.is_over = True
    raise errors.failure(manager.env, "ExecutionFailed", RUNTIME, TOO_MANY)


def stamped(_gateway: Gateway, _former: Any) -> Callable[[], datetime]:
    """In place of moto's `EventManager._get_current_timestamp`: the platform's clock."""
    return staticmethod(timing.moment)


def stopped(gateway: Gateway, _former: Any) -> Callable[..., None]:
    """In place of moto's `Execution.stop`: it has ended at once, and is told."""

    def stop(execution: Any, stop_date: datetime, error: str | None, cause: str | None) -> None:
        if execution.stop_date is None:
            _stop(execution, stop_date, error, cause)
            telling.tell(gateway, execution, executions.status_of(execution))

    return stop


def _stop(execution: Any, now: datetime, error: str | None, cause: str | None) -> None:
    from moto.stepfunctions.parser.api import ExecutionStatus

    env = _begun(execution)
    execution.stop_date, execution.error, execution.cause = now, error, cause
    execution.exec_status = ExecutionStatus.ABORTED
    if env is None:
        return
    env.set_stop(stop_date=now, cause=cause, error=error)
    details = {name: value for name, value in (("error", error), ("cause", cause)) if value is not None}
    _end(env, "ExecutionAborted", {"executionAbortedEventDetails": details})


def _begun(execution: Any) -> Any:
    """What runs it, a moment after it was started."""
    for _ in range(STEPS):
        env = getattr(execution.exec_worker, "env", None)
        if env is not None and env._program_state is not None:
            return env
        time.sleep(STEP_SECONDS)
    return None


def _end(env: Any, event: str, details: Any) -> None:
    from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext

    env.event_manager.add_event(EventHistoryContext.of_program_start(), event, details)
    env.event_manager.is_over = True
