"""Asking other AWS services, wherever they are answered."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import orjson

from lambent.model.finding import Finding
from lambent.model.scope import Caller
from lambent.neighbour.neighbour import Neighbour
from lambent.neighbour.outbox import signed_as
from lambent.neighbour.unreached import targets_named
from lambent.server.base import Doors
from lambent.services.lambda_ import faults
from lambent.settings import Settings
from lambent.wire import service
from lambent.wire.http import Request, Response


async def forward_to_neighbour(
    settings: Settings,
    neighbour: Neighbour,
    report: Callable[[Finding], None],
    request: Request,
    caller: Caller,
    service_name: str,
) -> Response:
    """Ask the neighbour, and say what moto can't do although it takes the request."""
    response = await neighbour.forward(request, caller, service_name)
    if response.status < 300 and service_name not in settings.endpoints:
        for arn in targets_named(service_name, request):
            kind = "queue" if arn.split(":")[2] == "sqs" else "function"
            text = f"{service_name} (moto) was told to send to it, and never does"
            report(Finding(f"{kind}-not-reached", arn, text))
    return response


async def fetch_s3(neighbour: Neighbour, caller: Caller, bucket: str, key: str, version: str | None) -> bytes:
    """A deployment package from its bucket, wherever S3 is answered."""
    query = f"versionId={quote(version, safe='')}" if version else ""
    headers = {"host": "127.0.0.1", "authorization": signed_as(caller.scope, "s3")}
    request = Request("GET", f"/{bucket}/{quote(key)}", query, headers)
    response = await neighbour.forward(request, caller, "s3")
    assert isinstance(response.body, bytes)
    if response.status == 200:
        return response.body
    code, message = _s3_error(response.body)
    raise faults.s3_refused(code, message)


async def ask_service(
    doors: Doors, caller: Caller, service_name: str, target: str, document: Mapping[str, Any]
) -> tuple[int, dict[str, Any]]:
    """What a service says to a request in its JSON protocol, wherever that is answered."""
    headers = {
        "host": "127.0.0.1",
        "authorization": signed_as(caller.scope, service.load(service_name).signing_name),
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": target,
    }
    request = Request("POST", "/", "", headers, orjson.dumps(dict(document)))
    response = await doors.gateway(request)
    assert isinstance(response.body, bytes)
    try:
        answer = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        answer = {}
    return response.status, answer if isinstance(answer, dict) else {}


def _s3_error(body: bytes) -> tuple[str, str]:
    text = body.decode("utf-8", "replace")
    code = re.search(r"<Code>(.*?)</Code>", text)
    message = re.search(r"<Message>(.*?)</Message>", text)
    return (code[1] if code else "InternalError"), (message[1] if message else "S3 did not answer.")
