"""POST /_lambent/debug: run a function under a debugger, as `lambent invoke --debug` asks.

The body is a JSON object: account, region, function, qualifier (or null), port, payload (the event, as a text). What is
answered are lines of JSON: `{"waiting": "127.0.0.1:PORT"}` when a debugger may connect there, and at the end the
answer, or `{"failed": "…"}`. A caller that goes away ends the environment. The token of the data folder is needed, as
for a live folder: whoever connects a debugger runs code of his own.
"""

import asyncio
import base64
import hmac
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from lambent.gateway.chain import failure
from lambent.gateway.live_folder import HEADER, refused
from lambent.model.invocation import Outcome
from lambent.model.scope import Scope, checked_scope
from lambent.wire.http import Request, Response

log = logging.getLogger(__name__)

LAST_PORT = 65_535


class Session(Protocol):
    """An invocation that runs under a debugger."""

    async def outcome(self) -> Outcome: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for."""

    scope: Scope
    function: str
    qualifier: str | None
    port: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Begun:
    """A session, with the request id and the version that its answer carries."""

    session: Session
    request_id: str
    version: str


Begin = Callable[[Asked], Awaitable[Begun]]
"""Begin a session. Raises Fault."""


class DebugPage:
    """The page."""

    def __init__(self, token: str, begin: Begin) -> None:
        self._token = token
        self._begin = begin

    async def __call__(self, request: Request) -> Response:
        """The lines; 403 without the token, 400 for a bad request, and what `begin` refuses."""
        if not hmac.compare_digest(request.headers.get(HEADER, "").encode(), self._token.encode()):
            return refused(403, "the token of the data folder is needed")
        if request.method != "POST":
            return refused(405, "POST is needed")
        try:
            asked = _read(request.body)
        except (ValueError, KeyError, TypeError):
            text = "a JSON object with account, region, function, qualifier, port and payload is needed"
            return refused(400, text)
        begun = await self._begin(asked)
        return Response(200, [("Content-Type", "application/x-ndjson")], _lines(asked, begun))


def _read(body: bytes) -> Asked:
    """Raises ValueError, KeyError, TypeError."""
    said = orjson.loads(body)
    port = said["port"]
    if isinstance(port, bool) or not isinstance(port, int) or not 0 < port <= LAST_PORT:
        raise ValueError("port")
    qualifier = said["qualifier"]
    return Asked(
        checked_scope(said["account"], said["region"]),
        str(said["function"]),
        None if qualifier is None else str(qualifier),
        port,
        str(said["payload"]).encode(),
    )


async def _lines(asked: Asked, begun: Begun) -> AsyncIterator[bytes]:
    try:
        yield _line({"waiting": f"127.0.0.1:{asked.port}"})
        yield _line(await _answer(begun))
    finally:
        await asyncio.shield(begun.session.close())


async def _answer(begun: Begun) -> dict[str, Any]:
    try:
        outcome = await begun.session.outcome()
    except Exception as error:
        log.error("request %s failed", begun.request_id, exc_info=error)
        return {"failed": failure(begun.request_id, error)}
    return {
        "status_code": 200,
        "function_error": outcome.error,
        "executed_version": begun.version,
        "request_id": begun.request_id,
        "payload": base64.b64encode(outcome.payload).decode(),
        "log": base64.b64encode(outcome.log_tail).decode(),
    }


def _line(document: dict[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)
