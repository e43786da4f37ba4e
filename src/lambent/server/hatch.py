"""The only thing outside that moto reaches: a socket on which it asks what the tasks of its Step Functions ask, and
when their waits are over, and has functions called as triggers of its user pools.

Not the endpoint: code that got into moto's process finds none of Lambent's own pages here. AWS's services it can ask in
the name of any role, which the tasks do (`aws-sdk:*` is any operation of any service), and as no account.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

from lambent.gateway import pages
from lambent.gateway.intake import BOUNDS, Door, Share
from lambent.gateway.listener import Connection, Respond
from lambent.neighbour import unix
from lambent.neighbour.bridges.handing import LOGGED, MACHINE, MACHINE_ARN, ROLE, SESSION, TASKS, TOLD, TRIGGERS, WAITS
from lambent.permissions import passing
from lambent.wire import locate
from lambent.wire.http import Request, Response

log = logging.getLogger(__name__)

SERVICE = "states"
"""What a session is called where moto does not say it."""
CONNECTIONS = 512
"""At once: moto has a thread for each of the gateway's connections to it, and for each task that waits."""
ANYBODY = 0o666
"""Moto has a user of its own; the folder is closed to all others."""


@dataclass(frozen=True, slots=True)
class Task:
    """Who asks: the role of a task (ARN) with its session's name, the machine's where the task has another, and the
    machine's own ARN ("" where moto does not say it)."""

    role: str
    session: str
    machine: str = ""
    arn: str = ""


class Hatch:
    """Listens at `path` from `open` to `close`; answers 503 until there are `tasks`, which answers AWS's requests,
    `triggers`, which calls functions for user pools, `waits`, which tells when one is over, `executions`, which
    hears of those that begin and end, and `execution_logs`, which writes what they log."""

    tasks: Callable[[Request, Task], Awaitable[Response]] | None = None
    triggers: Callable[[Request], Awaitable[Response]] | None = None
    waits: Callable[[Request], Awaitable[Response]] | None = None
    executions: Callable[[Request], Awaitable[Response]] | None = None
    execution_logs: Callable[[Request], Awaitable[Response]] | None = None

    def __init__(self, path: Path, connections: int = CONNECTIONS) -> None:
        self.path = path
        self._door = Door("the hatch of moto", Share(connections), Share(BOUNDS.unfinished), path.parent)
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Raises OSError."""
        listening = unix.listen(self.path, ANYBODY)
        self._server = await asyncio.get_running_loop().create_unix_server(self._connection, sock=listening)

    async def close(self) -> None:
        """Stop and drop what is under way."""
        if self._server is not None:
            self._server.close()
        self._door.drop()
        self.path.unlink(missing_ok=True)

    def _connection(self) -> asyncio.BaseProtocol:
        return Connection(self.answer, _never, self._door)

    async def answer(self, request: Request) -> Response:
        """AWS's requests below one path, triggers and waits at others. Never raises."""
        try:
            pages = {
                TRIGGERS: self.triggers,
                WAITS: self.waits,
                TOLD: self.executions,
                LOGGED: self.execution_logs,
            }
            if request.path in pages:
                page = pages[request.path]
                return Response(503) if page is None else await page(request)
            asked = _asked(request)
            if asked is None:
                return Response(403)
            return Response(503) if self.tasks is None else await self.tasks(*asked)
        except Exception:
            log.exception("what moto asked was not answered")
            return Response(500)


def _asked(request: Request) -> tuple[Request, Task] | None:
    """The request that a task makes; None for what is no signed one to a service of AWS, in the name of a role of the
    account that it is signed for."""
    path = request.path.removeprefix(TASKS)
    if path == request.path or not path.startswith("/") or pages.is_operators(f"/{path.lstrip('/')}"):
        return None
    credential = locate.credential_of(request)
    if credential is None or locate.service_of(request) is None:
        return None
    headers = {**request.headers, "host": "127.0.0.1"}
    task = Task(
        headers.pop(ROLE, ""),
        headers.pop(SESSION, "") or SERVICE,
        headers.pop(MACHINE, ""),
        headers.pop(MACHINE_ARN, ""),
    )
    for role in (task.role, *([task.machine] if task.machine else [])):
        found = passing.ROLE.fullmatch(role)
        if found is None or found[1] != credential.access_key:
            return None
    return replace(request, path=path, headers=headers, client=None), task


def _never(_request: Request, _respond: Respond) -> bool:
    """No short road."""
    return False
