"""A thousand clients of a WebSocket API that say nothing: what the server holds for them."""

import asyncio
import base64
import os

from bench.client import PATIENCE, BenchError
from bench.environments import MB, resident
from bench.figures import Figure, Goal
from bench.lab import Functions, Lab
from bench.rest_api import ask

COUNT = 1_000
AT_ONCE = 50
WARM = 50
"""Connections that come and go before anything is weighed."""


async def measure(lab: Lab) -> list[Figure]:
    """The server's memory with the connections, less than without."""
    lab.say(f"{COUNT:,} WebSocket connections")
    functions = Functions(lab.lambent)
    api = await _api(functions)
    await _closed(await _opened(lab, api, WARM))
    before = resident(lab.pid)
    held = await _opened(lab, api, COUNT)
    weight = (resident(lab.pid) - before) / MB
    await _closed(held)
    functions.caller.close()
    return [Figure(f"{COUNT:,} WebSocket connections: server's memory", "MB", weight, goal=Goal(50.0))]


async def _api(functions: Functions) -> str:
    """An API that asks nobody who comes. Its host name."""
    selection = "$request.body.action"
    given = {"name": "bench", "protocolType": "WEBSOCKET", "routeSelectionExpression": selection}
    api = (await ask(functions, "POST", "/v2/apis", given))["apiId"]
    mock = await ask(functions, "POST", f"/v2/apis/{api}/integrations", {"integrationType": "MOCK"})
    route = {"routeKey": "$default", "target": f"integrations/{mock['integrationId']}"}
    await ask(functions, "POST", f"/v2/apis/{api}/routes", route)
    await ask(functions, "POST", f"/v2/apis/{api}/stages", {"stageName": "dev", "autoDeploy": True})
    return f"{api}.execute-api.us-east-1.amazonaws.com"


async def _opened(lab: Lab, host: str, count: int) -> list[asyncio.StreamWriter]:
    turns = asyncio.Semaphore(AT_ONCE)

    async def one() -> asyncio.StreamWriter:
        async with turns:
            return await asyncio.wait_for(_connected(lab, host), PATIENCE)

    return list(await asyncio.gather(*(one() for _ in range(count))))


async def _connected(lab: Lab, host: str) -> asyncio.StreamWriter:
    """RFC 6455, section 4.1. Raises BenchError."""
    reader, writer = await asyncio.open_connection(lab.lambent.host, lab.lambent.port)
    key = base64.b64encode(os.urandom(16)).decode()
    asked = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13"
    writer.write(f"GET /dev HTTP/1.1\r\nHost: {host}\r\n{asked}\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
    answer = await reader.readuntil(b"\r\n\r\n")
    if not answer.startswith(b"HTTP/1.1 101 "):
        raise BenchError(f"no WebSocket connection: {answer.splitlines()[0].decode()}")
    return writer


async def _closed(writers: list[asyncio.StreamWriter]) -> None:
    for writer in writers:
        writer.close()
    await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)
