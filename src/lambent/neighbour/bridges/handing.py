"""Asks the gateway what a task of Step Functions asks, how long an execution has to wait, and calls the triggers of
user pools, over its socket."""

import http.client
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lambent.neighbour import unix

TASKS = "/_lambent/tasks"
"""Before the path of a request that a task of Step Functions makes."""
TRIGGERS = "/_lambent/triggers"
"""Where functions are called as triggers of user pools."""
WAITS = "/_lambent/waits"
"""Where an execution of Step Functions waits by the platform's clock."""
TOLD = "/_lambent/executions"
"""Where it is told that an execution has begun or ended."""
LOGGED = "/_lambent/execution-logs"
"""Where the lines of executions' logs go."""
ROLE, SESSION, MACHINE = "x-lambent-role", "x-lambent-session", "x-lambent-machine-role"
MACHINE_ARN = "x-lambent-machine"
"""Headers that say in whose name a task asks: a role's ARN, what its session is called, and the machine's role where
the task has another one; and which machine it is."""
LONGEST_ANSWER = 86_400.0
"""Seconds that a task may wait for what it called; the state's own time-out is moto's business."""

Answer = tuple[int, list[tuple[str, str]], bytes]
"""Status, headers, body."""


class Gateway:
    """The gateway behind the socket at `path`, as moto's process sees it."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self.is_real = False
        """Whether its clock is known to go as the machine's, which never changes."""

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Have the gateway answer an AWS request. Raises OSError or HTTPException."""
        return self._ask(method, f"{TASKS}{target}", headers, body)

    def trigger(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """Have a function called (`function`, for the `pool` with `trigger`, an `event`, a `trace`): `payload`, or why
        there is none: `failed` (its own error) or `error`. Raises OSError or HTTPException."""
        status, _, content = self._ask("POST", TRIGGERS, {}, json.dumps(said).encode())
        if status != http.HTTPStatus.OK:
            return {"error": f"{status}"}
        found: dict[str, Any] = json.loads(content)
        return found

    def wait(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """What `lambent.server.waits` answers. Raises OSError, HTTPException, or ValueError for no answer."""
        status, _, content = self._ask("POST", WAITS, {}, json.dumps(said).encode())
        if status != http.HTTPStatus.OK:
            raise ValueError(status)
        found: dict[str, Any] = json.loads(content)
        return found

    def tell(self, said: Mapping[str, Any]) -> None:
        """What `lambent.server.execution_events` is to know. Raises OSError, HTTPException, or ValueError."""
        self._say(TOLD, said)

    def log(self, said: Mapping[str, Any]) -> None:
        """What `lambent.server.execution_logs` is to write. Raises OSError, HTTPException, or ValueError."""
        self._say(LOGGED, said)

    def _say(self, page: str, said: Mapping[str, Any]) -> None:
        status, _, _ = self._ask("POST", page, {}, json.dumps(said).encode())
        if status != http.HTTPStatus.OK:
            raise ValueError(status)

    def _ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        connection = http.client.HTTPConnection("gateway")
        connection.sock = unix.connect(self._path, LONGEST_ANSWER)
        try:
            connection.request(method, target, body, dict(headers))
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read()
        finally:
            connection.close()
