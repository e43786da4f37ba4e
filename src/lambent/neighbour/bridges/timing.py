"""Step Functions wait by the platform's clock: states that wait, retries, the time-outs and heartbeats of tokens.

With a clock that goes as the machine's they wait as moto does; with one that is moved or scaled the server says when
their time has passed. What a task that was called may take is the machine's time, as all that runs for real.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import HTTPException
from types import ModuleType, SimpleNamespace
from typing import Any

from lambent.neighbour.bridges.handing import Gateway

REAL = "real"
LOOK_SECONDS = 0.5
"""Of the machine's clock: how often it is looked at whether an execution that waits still runs."""
_TELLS: list[Gateway] = []
"""Whose clock is the platform's, once moto is changed."""


def told_by(gateway: Gateway) -> None:
    """The clock of `moment` is that of the gateway."""
    _TELLS[:] = [gateway]


def moment() -> datetime:
    """What the platform's clock reads, in UTC."""
    return datetime.fromtimestamp(now(_TELLS[0]), UTC) if _TELLS else datetime.now(UTC)


def wait(gateway: Gateway, event: threading.Event, seconds: float) -> bool:
    """Until the event is set or so many seconds of the platform's clock have passed; whether it is set."""
    if gateway.is_real:
        return event.wait(seconds)
    said: dict[str, Any] = {"seconds": max(seconds, 0)}
    while not event.is_set():
        try:
            told = gateway.wait(said)
        except (OSError, HTTPException, ValueError):
            return event.wait(seconds)
        if told["kind"] == REAL:
            gateway.is_real = True
            return event.wait(seconds)
        if told["passed"]:
            return event.is_set()
        said = {"wait": told["wait"]}
    if "wait" in said:
        gateway.wait({**said, "end": True})
    return True


def now(gateway: Gateway) -> float:
    """What the platform's clock reads, in seconds since 1970."""
    if gateway.is_real:
        return time.time()
    try:
        told = gateway.wait({})
        gateway.is_real = told["kind"] == REAL
        return float(told["now"])
    except (OSError, HTTPException, ValueError):
        return time.time()


def interval(gateway: Gateway, _former: Any) -> Callable[..., None]:
    """In place of moto's `WaitFunction._wait_interval`: until the time has passed or the execution is stopped."""

    def run(_state: Any, env: Any, wait_seconds: float) -> None:
        wait(gateway, _Ended(env), wait_seconds)

    return run


class _Ended(threading.Event):
    """Set when an environment of moto's runs no more: its own event is set for no time at all, which is missed by who
    looks a moment later."""

    def __init__(self, env: Any) -> None:
        super().__init__()
        self._env = env

    def is_set(self) -> bool:
        return not self._env.is_running()

    def wait(self, timeout: float | None = None) -> bool:
        until = time.monotonic() + (threading.TIMEOUT_MAX if timeout is None else max(timeout, 0))
        while not self.is_set() and (left := until - time.monotonic()) > 0:
            self._env.program_state_event.wait(min(left, LOOK_SECONDS))
        return self.is_set()


def until(gateway: Gateway, _former: Any) -> Callable[..., float]:
    """In place of moto's `Timestamp._get_wait_seconds`, which takes the machine's local time for UTC."""

    def seconds(state: Any, env: Any) -> float:
        from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException

        state.string.eval(env=env)
        text = env.stack.pop()
        if state._from_timestamp_string(timestamp=text) is None:
            raise FailureEventException(state._create_failure_event(env, text))
        return datetime.fromisoformat(text).astimezone(UTC).timestamp() - now(gateway)

    return seconds


def notified(gateway: Gateway, _former: Any) -> Callable[..., Any]:
    """In place of moto's `CallbackEndpoint.wait`: for a token's outcome."""

    def run(endpoint: Any, timeout: float | None = None) -> Any:
        if timeout is None:
            endpoint._notify_event.wait()
        else:
            wait(gateway, endpoint._notify_event, timeout)
        return endpoint._outcome

    return run


def heartbeat(gateway: Gateway, _former: Any) -> Callable[..., bool]:
    """In place of moto's `HeartbeatEndpoint.clear_and_wait`: whether one came in time."""

    def run(endpoint: Any) -> bool:
        with endpoint._mutex:
            if endpoint._next_heartbeat_event.is_set():
                endpoint._next_heartbeat_event.clear()
                return True
        return wait(gateway, endpoint._next_heartbeat_event, endpoint._heartbeat_seconds)

    return run


def retries(gateway: Gateway) -> Callable[[ModuleType], None]:
    """Of moto's module of retries, which sleeps between two of them."""

    def change(module: ModuleType) -> None:
        vars(module)["time"] = SimpleNamespace(sleep=lambda seconds: wait(gateway, threading.Event(), seconds))

    return change
