"""Logs of executions: each event of a history that the machine's level asks for, as a line for its log group.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html (levels, what is left out); lines and names of
streams as users of AWS have shown theirs.
"""

import functools
import queue
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from http.client import HTTPException
from typing import Any

from lambent.neighbour.bridges.handing import Gateway
from lambent.neighbour.bridges.results import to_json_str

DATA = (
    "input",
    "inputDetails",
    "output",
    "outputDetails",
    "parameters",
    "assignedVariables",
    "assignedVariablesDetails",
)
"""What is left out of an event's details where the data is not to be logged."""
ERRORS = frozenset({"EvaluationFailed"})
"""Of level ERROR, beside what moto knows."""
WAITING = 10_000
"""Lines that are not sent yet: an execution that has more to log waits."""
MOST = 200
"""Lines that are sent at once."""


def session(machine: Any, execution_arn: str) -> Any:
    """What moto logs an execution by; None where nothing is to be logged."""
    from moto.stepfunctions.parser.asl.eval.event.logging import (
        CloudWatchLoggingConfiguration,
        CloudWatchLoggingSession,
    )

    asked: Any = {"includeExecutionData": False, **(machine.loggingConfiguration or {})}
    found = CloudWatchLoggingConfiguration.from_logging_configuration(machine.arn, asked)
    return None if found is None else CloudWatchLoggingSession(execution_arn, found)


def opened(_gateway: Gateway, _former: Any) -> Callable[..., None]:
    """In place of moto's `CloudWatchLoggingSession.__init__`, which takes moto's own logs."""

    def init(here: Any, execution_arn: str, configuration: Any) -> None:
        here.execution_arn, here.configuration, here.redrives = execution_arn, configuration, 0

    return init


def asked_for(_gateway: Gateway, former: Callable[..., bool]) -> Callable[..., bool]:
    """Around moto's `is_logging_enabled_for`."""

    def asked(log_level: str, history_event_type: str) -> bool:
        return bool(former(log_level, history_event_type)) or (log_level == "ERROR" and history_event_type in ERRORS)

    return asked


def without_data(_gateway: Gateway, _former: Any) -> Callable[..., None]:
    """In place of moto's `EventManager._remove_data_from_history_log`."""

    def remove(details_body: dict[str, Any]) -> None:
        for name in DATA:
            details_body.pop(name, None)

    return staticmethod(remove)


def published(gateway: Gateway, _former: Any) -> Callable[..., None]:
    """In place of moto's `CloudWatchLoggingSession.publish_history_log`."""
    lines = Lines(gateway)

    def publish(here: Any, history_log: Mapping[str, Any]) -> None:
        lines.add(here, history_log)

    return publish


class Lines:
    """Sends lines to the server in a thread of its own: no execution waits for that, unless very many lines do."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._waiting: queue.Queue[dict[str, Any]] = queue.Queue(WAITING)

    def add(self, there: Any, history_log: Mapping[str, Any]) -> None:
        """One line of an execution's log."""
        self._sending()
        place = there.configuration
        self._waiting.put(
            {
                "execution": there.execution_arn,
                "region": place.log_region,
                "account": place.log_account_id,
                "group": place.log_group_name,
                "at": milliseconds(history_log["event_timestamp"]),
                "message": to_json_str(line(history_log, there.redrives)),
            }
        )

    @functools.cache  # noqa: B019 (there is one)
    def _sending(self) -> None:
        threading.Thread(target=self._send, daemon=True).start()

    def _send(self) -> None:
        while True:
            batch = [self._waiting.get()]
            while len(batch) < MOST and not self._waiting.empty():
                batch.append(self._waiting.get())
            try:
                self._gateway.log({"lines": batch})
            except (OSError, HTTPException, ValueError):
                continue


def line(history_log: Mapping[str, Any], redrives: int) -> dict[str, Any]:
    """One line, its members in AWS's order."""
    return {
        "details": history_log.get("details") or {},
        "redrive_count": str(redrives),
        "id": history_log["id"],
        "type": history_log["type"],
        "previous_event_id": history_log["previous_event_id"],
        "event_timestamp": str(milliseconds(history_log["event_timestamp"])),
        "execution_arn": history_log["execution_arn"],
    }


def milliseconds(moment: str | datetime) -> int:
    """Since 1970, of a moment as moto's events have it."""
    found = moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)
    return round(found.timestamp() * 1000)
