"""WebSocket APIs: events, which route a message is for, and what answers mean.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-develop-routes.html,
.../websocket-api-develop-integrations.html, .../apigateway-websocket-api-route-keys-connect-disconnect.html; events as
recorded in https://github.com/aws/aws-lambda-rust-runtime (fixtures example-apigw-websocket-request-*.json).
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from lambent.http_events import common, http_context, json_path
from lambent.model.credentials import Signer

CONNECT, DISCONNECT, DEFAULT = "$connect", "$disconnect", "$default"
_TYPES = {CONNECT: "CONNECT", DISCONNECT: "DISCONNECT"}
_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_EXPRESSION = re.compile(r"\$\{request\.body\.([^{}]+)\}|\$request\.body\.([\w.\-\[\]'\"$]+)")
Document = Mapping[str, Any]


@dataclass(slots=True)
class Connected:
    """What is known of a connection: who it is, since when (`at`, seconds since 1970), and how its client asked."""

    connection_id: str
    api_id: str
    stage: str
    domain: str
    peer: str
    user_agent: str
    at: float
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    authorizer: dict[str, Any] | None = None
    identity: dict[str, Any] = field(default_factory=dict)
    signer: Signer | None = None
    """Who signed the request to connect, where that was asked for."""
    usage_key: str = ""
    """What the authorizer says is the client's API key."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happens on a connection: a route is run for it."""

    route_key: str
    request_id: str
    now: float
    body: str | None = None
    message_id: str = ""
    code: int = 0
    reason: str = ""


class BadAnswer(ValueError):
    """An integration's answer that is none; the text says why."""


def is_key(key: str) -> bool:
    """Whether it is a Sec-WebSocket-Key: 16 bytes in base64 (RFC 6455, section 4.1)."""
    try:
        return len(common.from_base64(key)) == 16
    except ValueError:
        return False


def accept_key(key: str) -> str:
    """Sec-WebSocket-Accept: RFC 6455, section 4.2.2."""
    return base64.b64encode(hashlib.sha1(f"{key}{_MAGIC}".encode(), usedforsecurity=False).digest()).decode()


def context(connected: Connected, happening: Happening) -> dict[str, Any]:
    """`requestContext`."""
    made: dict[str, Any] = {
        "routeKey": happening.route_key,
        "eventType": _TYPES.get(happening.route_key, "MESSAGE"),
        "extendedRequestId": happening.request_id,
        "requestTime": common.request_time(happening.now),
        "messageDirection": "IN",
        "stage": connected.stage,
        "connectedAt": int(connected.at * 1000),
        "requestTimeEpoch": int(happening.now * 1000),
        "identity": {"sourceIp": connected.peer, "userAgent": connected.user_agent, **connected.identity},
        "requestId": happening.request_id,
        "domainName": connected.domain,
        "connectionId": connected.connection_id,
        "apiId": connected.api_id,
    }
    if happening.message_id:
        made["messageId"] = happening.message_id
    if happening.route_key == DISCONNECT:
        made |= {"disconnectStatusCode": happening.code, "disconnectReason": happening.reason}
    if connected.authorizer is not None:
        made["authorizer"] = connected.authorizer
    return made


def message_event(connected: Connected, happening: Happening) -> dict[str, Any]:
    """The event of a message."""
    made = {"requestContext": context(connected, happening), "body": happening.body}
    return _staged(connected, made | {"isBase64Encoded": False})


def connect_event(connected: Connected, happening: Happening, headers: common.Lines, query: str) -> dict[str, Any]:
    """The event of a client that wants to connect."""
    multiple: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for name, value in headers:
        if name.lower() not in ("connection", "upgrade"):
            multiple.setdefault(names.setdefault(name.lower(), name), []).append(value)
    made: dict[str, Any] = {
        "headers": {name: values[-1] for name, values in multiple.items()},
        "multiValueHeaders": multiple,
    }
    queries = common.queries(query)
    if queries:
        made["queryStringParameters"] = {name: values[-1] for name, values in queries.items()}
        made["multiValueQueryStringParameters"] = queries
    made |= {"requestContext": context(connected, happening), "isBase64Encoded": False}
    return _staged(connected, made)


def disconnect_event(connected: Connected, happening: Happening) -> dict[str, Any]:
    """The event of a connection that is over."""
    headers = {"Host": connected.domain, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""}
    made = {
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "requestContext": context(connected, happening),
        "isBase64Encoded": False,
    }
    return _staged(connected, made)


def _staged(connected: Connected, made: dict[str, Any]) -> dict[str, Any]:
    return made | ({"stageVariables": dict(connected.stage_variables)} if connected.stage_variables else {})


def route_key_of(expression: str, text: str) -> str | None:
    """What a route selection expression makes of a message; None for a message that is no JSON, or lacks it."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    lacking = False

    def value(found: re.Match[str]) -> str:
        nonlocal lacking
        said = at(document, found[1] or found[2])
        lacking = lacking or said is None
        return said or ""

    key = _EXPRESSION.sub(value, expression)
    return None if lacking else key


def selected(expression: str, text: str) -> str | None:
    """What a template or model selection expression makes of a message: `$request.body.type`, or a name itself."""
    said = expression.replace("\\", "")
    return route_key_of(said, text) if "$request." in said or "${request." in said else said


def at(document: Any, path: str) -> str | None:
    """The text at a path of a message's JSON."""
    try:
        return http_context.text_of(json_path.find(document, f"$.{path}"))
    except json_path.NoPath:
        return None


def failure(message: str, connected: Connected, request_id: str) -> str:
    """What a client is told instead of an answer."""
    said = {"message": message, "connectionId": connected.connection_id, "requestId": request_id}
    return orjson.dumps(said).decode()


def proxy_answer(payload: bytes) -> tuple[int, dict[str, str], str | None]:
    """Status, headers (lower-case names) and body of a function's answer. Raises BadAnswer."""
    try:
        said = orjson.loads(payload or b"null")
        if not isinstance(said, dict) or "statusCode" not in said:
            raise BadAnswer("it is no object with a statusCode")
        headers = {
            name.lower(): common.header_text(value)
            for name, value in common.mapping(said.get("headers"), "headers").items()
        }
        status = common.status_of(said["statusCode"])
    except orjson.JSONDecodeError as error:
        raise BadAnswer("it is no JSON") from error
    except ValueError as error:
        raise BadAnswer(str(error)) from error
    body = said.get("body")
    if body is not None and not isinstance(body, str):
        raise BadAnswer(f"body is {common.kind(body)}, not a string")
    if body and said.get("isBase64Encoded") is True:
        try:
            body = common.from_base64(body).decode("utf-8", "replace")
        except ValueError as error:
            raise BadAnswer(str(error)) from error
    return status, headers, body


def is_two_way(route: Document) -> bool:
    """Whether a route sends its integration's answer to the client: a route response is all that it needs.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-response.html; AWS's
    sample apigw-websocket-api-sfn-sync has one, and no selection expression."""
    return any(one.get("RouteResponseKey") == DEFAULT for one in route.get("RouteResponses") or ())
