"""Logs of executions of Step Functions: the lines that moto hands over go into the log groups of their machines.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from lambent.model.finding import Finding
from lambent.model.scope import Scope
from lambent.observe.logstore import LogStore, LogStream
from lambent.server.execution_events import ARN
from lambent.wire.http import Request, Response

NO_GROUP = "executions-not-logged"
GROUP = re.compile(r"[\w/.#-]{1,512}")
STREAMS = 1024
"""That are remembered: a machine has one an hour."""


@dataclass(frozen=True, slots=True)
class ExecutionLogs:
    """`logs` takes the lines of groups that are there."""

    logs: LogStore
    report: Callable[[Finding], None]
    _streams: dict[tuple[Scope, str, str], LogStream] = field(default_factory=dict)

    async def answer(self, request: Request) -> Response:
        """The page that moto tells: `{"lines": [...]}`, each with `execution`, `account`, `region`, `group`, `at`
        (milliseconds since 1970) and `message`."""
        try:
            for one in orjson.loads(request.body)["lines"]:
                self._take(one)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, OverflowError):
            return Response(400)
        return Response(200, [("content-type", "application/json")], b"{}")

    def _take(self, said: dict[str, Any]) -> None:
        """Raises KeyError, TypeError, ValueError, OverflowError."""
        found = ARN.fullmatch(said["execution"])
        if found is None or said["account"] != found[2] or not GROUP.fullmatch(said["group"]):
            raise ValueError(said)
        scope, group, at = Scope(found[2], str(said["region"])), said["group"], int(said["at"])
        if not self.logs.has_group(scope, group):
            told = f"the log group {group} is not there: nothing of its executions is written"
            self.report(Finding(NO_GROUP, f"arn:aws:states:{found[1]}:{found[2]}:stateMachine:{found[3]}", told))
            return
        name = f"states/{found[3].replace('/', '-')}/{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d-%H}/00000000"
        self.logs.append(self._stream(scope, group, name), at, str(said["message"]))

    def _stream(self, scope: Scope, group: str, name: str) -> LogStream:
        key = (scope, group, name)
        if key not in self._streams:
            if len(self._streams) >= STREAMS:
                self._streams.clear()
            self._streams[key] = self.logs.stream(*key)
        return self._streams[key]
