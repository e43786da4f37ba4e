"""Asking the endpoint itself: what boto3 would send goes through the gateway's chain, without a socket."""

import functools
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from botocore import parsers, serialize
from botocore.awsrequest import HeadersDict
from botocore.model import OperationModel

from lambent.deploy.ports import Refused
from lambent.model.acting import Acting
from lambent.model.scope import Scope
from lambent.wire.http import Request, Response
from lambent.wire.service import Service, load

Sign = Callable[[Scope, str], str]
"""An Authorization header for a scope and a signing name."""
MOST_BYTES = 8 << 20
"""Of an answer: eight times what the largest template may have, the only objects that are read so."""
AT_ONCE = {"x-lambent-state-delay": "0"}
"""A stack waits for its functions: they take no time on top."""


class Endpoint:
    """An `Ask` in somebody's name, who is all that the gateway looks at: no signature is made."""

    def __init__(self, send: Callable[[Request], Awaitable[Response]], sign: Sign, acting: Acting) -> None:
        self._send = send
        self._sign = sign
        self._acting = acting

    async def __call__(self, scope: Scope, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Ask. Raises Refused."""
        known = load(service)
        model = known.operation(operation)
        request = _request(known, model, params)
        request.own, request.acting = True, self._acting
        request.headers |= {"host": "127.0.0.1", "authorization": self._sign(scope, known.signing_name), **AT_ONCE}
        response = await self._send(request)
        return _answer(known, model, response, await _whole(response.body))


@functools.cache
def _serializer(protocol: str) -> Any:
    return serialize.create_serializer(protocol, include_validation=False)


@functools.cache
def _parser(protocol: str) -> Any:
    return parsers.create_parser(protocol)


def _request(service: Service, model: OperationModel, params: Mapping[str, Any]) -> Request:
    raw = _serializer(service.protocol).serialize_to_request(dict(params), model)
    path, _, inline = raw["url_path"].partition("?")
    said = raw.get("query_string") or {}
    query = said if isinstance(said, str) else urlencode(_pairs(said))
    body = raw.get("body") or b""
    headers = {name.lower(): str(value) for name, value in (raw.get("headers") or {}).items()}
    if isinstance(body, Mapping):
        body = urlencode(list(body.items()))
        headers.setdefault("content-type", "application/x-www-form-urlencoded; charset=utf-8")
    body = body.encode() if isinstance(body, str) else bytes(body)
    if body and service.protocol.startswith("rest"):
        headers.setdefault("content-type", "application/json" if "json" in service.protocol else "application/xml")
    if body:
        headers["content-length"] = str(len(body))
    return Request(raw["method"], path, "&".join(one for one in (inline, query) if one), headers, body)


def _pairs(said: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(key, one) for key, value in said.items() for one in (value if isinstance(value, list) else [value])]


async def _whole(body: bytes | AsyncIterator[bytes]) -> bytes:
    """A body that comes in parts, as a larger object does; what is over `MOST_BYTES` is left."""
    if isinstance(body, bytes):
        return body
    parts, size = [], 0
    async for part in body:
        parts.append(part)
        size += len(part)
        if size > MOST_BYTES:
            break
    if isinstance(body, AsyncGenerator):
        await body.aclose()
    return b"".join(parts)


def _answer(service: Service, model: OperationModel, response: Response, body: bytes) -> dict[str, Any]:
    headers = HeadersDict(response.headers)
    said = {"status_code": response.status, "headers": headers, "body": body}
    if response.status >= 300:
        raise _refusal(service, model, said)
    found = _parsed(service, model, said)
    found.pop("ResponseMetadata", None)
    return found


def _parsed(service: Service, model: OperationModel, said: Mapping[str, Any]) -> dict[str, Any]:
    """An object that is no text stays bytes: botocore's parser would read it as text."""
    parse = _parser(service.protocol).parse
    try:
        return dict(parse(said, model.output_shape))
    except UnicodeDecodeError:
        payload = model.output_shape.serialization["payload"]
        return {**parse({**said, "body": b""}, model.output_shape), payload: said["body"]}


def _refusal(service: Service, model: OperationModel, said: Mapping[str, Any]) -> Refused:
    try:
        found = _parser(service.protocol).parse(said, model.output_shape)
    except parsers.ResponseParserError:
        found = {"Error": {"Code": str(said["status_code"]), "Message": said["body"].decode("utf-8", "replace")}}
    error = found.get("Error", {})
    request_id = str(found.get("ResponseMetadata", {}).get("RequestId", ""))
    message = str(error.get("Message") or "")
    return Refused(service.name, str(error.get("Code", "")), message, said["status_code"], request_id)
