"""The only thing outside that moto reaches: a socket on which it asks what the tasks of its Step Functions ask.

Not the endpoint: code that got into moto's process finds none of Lambent's own pages here. AWS's services it can ask as
any account, which the tasks do (`aws-sdk:*` is any operation of any service).
"""

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

from lambent.gateway import pages
from lambent.gateway.chain import Page
from lambent.gateway.intake import UNFINISHED_BYTES, Door, Share
from lambent.gateway.listener import Connection, Respond
from lambent.neighbour import unix
from lambent.neighbour.bridges.handing import TASKS
from lambent.wire import locate
from lambent.wire.http import Request, Response

log = logging.getLogger(__name__)

CONNECTIONS = 512
"""At once: moto has a thread for each of the gateway's 32 connections to it, and for each task that waits."""
ANYBODY = 0o666
"""Moto has a user of its own; the folder is closed to all others."""


class Hatch:
    """Listens at `path` from `open` to `close`; answers 503 until there is `tasks`, which answers AWS's requests."""

    tasks: Page | None = None

    def __init__(self, path: Path) -> None:
        self.path = path
        self._door = Door("the hatch of moto", Share(CONNECTIONS), Share(UNFINISHED_BYTES), path.parent)
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
        """AWS's requests below one path. Never raises."""
        asked = _asked(request)
        if asked is None:
            return Response(403)
        if self.tasks is None:
            return Response(503)
        try:
            return await self.tasks(asked)
        except Exception:
            log.exception("what a task of moto's asked was not answered")
            return Response(500)


def _asked(request: Request) -> Request | None:
    """The request that a task makes; None for what is no signed one to a service of AWS."""
    path = request.path.removeprefix(TASKS)
    if path == request.path or not path.startswith("/") or pages.is_operators(f"/{path.lstrip('/')}"):
        return None
    if locate.credential_of(request) is None or locate.service_of(request) is None:
        return None
    return replace(request, path=path, headers={**request.headers, "host": "127.0.0.1"}, client=None)


def _never(_request: Request, _respond: Respond) -> bool:
    """No short road."""
    return False
