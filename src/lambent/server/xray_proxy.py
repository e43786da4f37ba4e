"""The TCP port of X-Ray's daemon inside environments: sampling rules and targets, asked of the endpoint as that
environment would ask for them.

SDKs ask there without a signature; the daemon signs as its role.
Source: https://docs.aws.amazon.com/xray/latest/devguide/xray-daemon-configuration.html ("proxy");
https://github.com/aws/aws-xray-daemon (pkg/proxy).
"""

import asyncio
import socket

from lambent.model.credentials import Credentials
from lambent.model.function import FunctionVersion
from lambent.neighbour.outbox import signed_as
from lambent.server.base import Doors
from lambent.wire.http import Request, Response

PATHS = frozenset({"/GetSamplingRules", "/SamplingTargets"})
"""What is handed on; segments come as datagrams."""


async def serve(
    doors: Doors, listening: socket.socket, credentials: Credentials, function: FunctionVersion
) -> asyncio.Server:
    """Answer there until it is forgotten."""

    async def answer(request: Request) -> Response:
        if request.method != "POST" or request.path not in PATHS:
            return Response(404, [("Content-Type", "text/plain")], b"X-Ray's daemon hands on sampling rules alone.\n")
        headers = {
            "host": "127.0.0.1",
            "authorization": signed_as(function.scope, "xray", credentials.access_key),
            "x-amz-security-token": credentials.session_token,
            "content-type": "application/json",
        }
        key = credentials.access_key
        return await doors.gateway(
            Request("POST", request.path, "", headers, request.body, inside=key, file=request.file)
        )

    return await doors.serve_inside(listening, credentials.access_key, answer)
