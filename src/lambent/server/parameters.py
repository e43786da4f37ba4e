"""The port of the Parameters and Secrets Lambda Extension inside environments: what comes there, asked of the endpoint
as that environment would ask it."""

import asyncio
import socket
import time
from collections.abc import Mapping
from typing import Any

import orjson

from lambent.model.credentials import Credentials
from lambent.model.function import FunctionVersion
from lambent.neighbour.outbox import signed_as
from lambent.runtime_api.parameters import Parameters
from lambent.server.base import Doors
from lambent.wire.http import Request, Response

TARGETS = {"secretsmanager": "secretsmanager", "ssm": "AmazonSSM"}
"""What stands before an operation in X-Amz-Target."""


async def serve(
    doors: Doors, listening: socket.socket, credentials: Credentials, function: FunctionVersion
) -> asyncio.Server:
    """Answer there until it is forgotten."""

    async def ask(service: str, operation: str, params: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        headers = {
            "host": "127.0.0.1",
            "authorization": signed_as(function.scope, service, credentials.access_key),
            "x-amz-security-token": credentials.session_token,
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": f"{TARGETS[service]}.{operation}",
        }
        body = orjson.dumps(dict(params))
        response = await doors.gateway(Request("POST", "/", "", headers, body, inside=credentials.access_key))
        assert isinstance(response.body, bytes)
        return response.status, orjson.loads(response.body)

    parameters = Parameters(credentials.session_token, function.environment, ask, time.monotonic)

    async def answer(request: Request) -> Response:
        reply = await parameters.answer(request.method, request.path, request.query, request.headers)
        return Response(reply.status, [("Content-Type", reply.content_type), *reply.headers], reply.body)

    return await doors.serve_inside(listening, credentials.access_key, answer)
