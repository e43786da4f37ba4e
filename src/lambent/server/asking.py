"""Asking other AWS services, wherever they are answered."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import orjson

from lambent.gateway import cors
from lambent.model.scope import Caller, Scope
from lambent.neighbour.outbox import signed_as
from lambent.server.base import Doors
from lambent.services.lambda_ import faults
from lambent.wire import locate, service
from lambent.wire.http import Request


async def fetch_s3(doors: Doors, caller: Caller, bucket: str, key: str, version: str | None) -> bytes:
    """A deployment package from its bucket, wherever S3 is answered."""
    query = f"versionId={quote(version, safe='')}" if version else ""
    status, body = await _ask_s3(doors, caller.scope, f"/{bucket}/{quote(key)}", query)
    if status == 200:
        return body
    code, message = _s3_error(body)
    raise faults.s3_refused(code, message)


async def bucket_rules(doors: Doors, who: Callable[[str], str], request: Request, bucket: str) -> Sequence[cors.Rule]:
    """The CORS rules of a bucket that a page asks for, wherever S3 is answered; none for a bucket that has none."""
    credential = locate.credential_of(request)
    scope = Scope(who(credential.access_key)) if credential else Scope()
    status, body = await _ask_s3(doors, scope, f"/{bucket}", "cors")
    return cors.read_rules(body) if status == 200 else ()


async def _ask_s3(doors: Doors, scope: Scope, path: str, query: str) -> tuple[int, bytes]:
    headers = {"host": "127.0.0.1", "authorization": signed_as(scope, "s3")}
    response = await doors.gateway(Request("GET", path, query, headers))
    if isinstance(response.body, bytes):
        return response.status, response.body
    return response.status, b"".join([piece async for piece in response.body])


async def ask_service(
    doors: Doors,
    caller: Caller,
    service_name: str,
    target: str,
    document: Mapping[str, Any],
    principal: str = "",
) -> tuple[int, dict[str, Any]]:
    """What a service says to a request in its JSON protocol, wherever that is answered. `principal` as in Request."""
    headers = {
        "host": "127.0.0.1",
        "authorization": signed_as(caller.scope, service.load(service_name).signing_name),
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": target,
    }
    request = Request("POST", "/", "", headers, orjson.dumps(dict(document)), principal=principal)
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
