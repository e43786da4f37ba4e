"""A request to an HTTP API as the event of a function, in both payload versions, and answers in version 1.0.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html; that
the stage is part of `rawPath` and, in version 1.0, of `path`, and that a mapping's key of a custom domain is in `path`
alone: https://github.com/CodeGenieApp/serverless-express/issues/465 and the page above. Which paths are decoded, how
headers are merged, and that a typeless answer is text, is recorded from AWS in
https://github.com/aws/aws-lambda-dotnet/tree/dev/Tools/LambdaTestTool-v2/tests (Snapshots, of April 2025).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import orjson

from lambent.http_events import common, payload_v2
from lambent.http_events.payload_v2 import Malformed, NotJson, Reply

DEFAULT_STAGE = "$default"
TEXT = "text/plain; charset=utf-8"
"""The type of an answer that has a status and no type."""
IDENTITY = (
    "accessKey", "accountId", "caller", "cognitoAmr", "cognitoAuthenticationProvider", "cognitoAuthenticationType",
    "cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId", "sourceIp", "user", "userAgent", "userArn",
)  # fmt: skip


@dataclass(slots=True)
class HttpCall:
    """One request on its way through an HTTP API.

    `path` is raw and without the stage, `mapping` what a custom domain's mapping took of the path ("/key", or "").
    `domain` is the host name without a port. `authorizer` is what `requestContext` says of who asks, by payload
    version: `authorizer_v1` is that of version 1.0.
    """

    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes
    domain: str
    host: str
    scheme: str
    peer: str
    request_id: str
    trace_id: str
    account: str
    api_id: str
    stage: str
    now: float
    mapping: str = ""
    route_key: str = "$default"
    variables: Mapping[str, str] = field(default_factory=dict)
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    authorizer: dict[str, Any] | None = None
    authorizer_v1: dict[str, Any] | None = None
    identity: dict[str, Any] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)
    """The headers by lower-case name, as the door has them."""

    @property
    def staged(self) -> str:
        """The path with its stage."""
        return self.path if self.stage == DEFAULT_STAGE else f"/{self.stage}{self.path}"

    @property
    def behind(self) -> str:
        """The path as version 1.0 has it: that of a custom domain with the mapping's key."""
        return f"{self.mapping}{self.path}" if self.mapping else self.staged


def event_v2(call: HttpCall) -> dict[str, Any]:
    """The event of payload version 2.0; what is empty is left out."""
    headers, cookies = payload_v2.headers_of(call.headers)
    common.forwarded(headers, call.peer, call.scheme, call.host)
    headers.setdefault("content-length", str(len(call.body)))
    headers["x-amzn-trace-id"] = common.root_of(call.trace_id)
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": call.route_key,
        "rawPath": unquote(call.staged),
        "rawQueryString": call.query,
        **({"cookies": cookies} if cookies else {}),
        "headers": headers,
        **({"queryStringParameters": payload_v2.query_of(call.query)} if call.query else {}),
        "requestContext": context_v2(call),
    }
    if call.variables:
        made["pathParameters"] = dict(call.variables)
    if call.stage_variables:
        made["stageVariables"] = dict(call.stage_variables)
    made["isBase64Encoded"] = False
    if call.body:
        text = common.is_text(call.named.get("content-type", ""))
        made["body"], made["isBase64Encoded"] = common.body_of(call.body, text)
    return made


def context_v2(call: HttpCall) -> dict[str, Any]:
    """`requestContext` of version 2.0."""
    context: dict[str, Any] = {
        "accountId": call.account,
        "apiId": call.api_id,
        "domainName": call.domain,
        "domainPrefix": call.domain.partition(".")[0],
        "http": {
            "method": call.method,
            "path": unquote(call.staged),
            "protocol": "HTTP/1.1",
            "sourceIp": call.peer,
            "userAgent": call.named.get("user-agent", ""),
        },
        "requestId": call.request_id,
        "routeKey": call.route_key,
        "stage": call.stage,
        "time": common.request_time(call.now),
        "timeEpoch": int(call.now * 1000),
    }
    if call.authorizer is not None:
        context["authorizer"] = call.authorizer
    return context


def event_v1(call: HttpCall) -> dict[str, Any]:
    """The event of payload version 1.0; what is empty is null."""
    multiple = _multiple(call)
    queries = common.queries(call.query)
    text = common.is_text(call.named.get("content-type", ""))
    body, encoded = common.body_of(call.body, text) if call.body else (None, False)
    return {
        "version": "1.0",
        "resource": resource_of(call.route_key),
        "path": call.behind,
        "httpMethod": call.method,
        "headers": {name: values[-1] for name, values in multiple.items()},
        "multiValueHeaders": multiple,
        "queryStringParameters": {name: values[-1] for name, values in queries.items()} or None,
        "multiValueQueryStringParameters": queries or None,
        "requestContext": context_v1(call),
        "pathParameters": dict(call.variables) or None,
        "stageVariables": dict(call.stage_variables) or None,
        "body": body,
        "isBase64Encoded": encoded,
    }


def resource_of(route_key: str) -> str:
    """What version 1.0 calls the resource: the route's path."""
    return route_key.partition(" ")[2] or route_key


def _multiple(call: HttpCall) -> dict[str, list[str]]:
    """All values of each header, by the name as it was sent first."""
    names: dict[str, str] = {}
    found: dict[str, list[str]] = {}
    for name, value in call.headers:
        key = name.lower()
        if key not in common.HOP_BY_HOP:
            found.setdefault(names.setdefault(key, name), []).append(value)
    told: dict[str, str] = {"x-forwarded-for": call.named.get("x-forwarded-for", "")}
    common.forwarded(told, call.peer, call.scheme, call.host)
    told |= {"x-amzn-trace-id": common.root_of(call.trace_id), "content-length": str(len(call.body))}
    for key, value in told.items():
        found[names.get(key) or "-".join(part.capitalize() for part in key.split("-"))] = [value]
    return found


def context_v1(call: HttpCall) -> dict[str, Any]:
    """`requestContext` of version 1.0."""
    known = {"sourceIp": call.peer, "userAgent": call.named.get("user-agent", ""), **call.identity}
    context: dict[str, Any] = {
        "accountId": call.account,
        "apiId": call.api_id,
        "domainName": call.domain,
        "domainPrefix": call.domain.partition(".")[0],
        "extendedRequestId": call.request_id,
        "httpMethod": call.method,
        "identity": {name: known.get(name) for name in IDENTITY},
        "path": unquote(call.behind),
        "protocol": "HTTP/1.1",
        "requestId": call.request_id,
        "requestTime": common.request_time(call.now),
        "requestTimeEpoch": int(call.now * 1000),
        "resourceId": call.route_key,
        "resourcePath": resource_of(call.route_key),
        "stage": call.stage,
    }
    if call.authorizer_v1 is not None:
        context["authorizer"] = call.authorizer_v1
    return context


def reply_v2(payload: bytes) -> Reply:
    """The HTTP answer of what a function returned in version 2.0; what is not JSON is sent as it is (recorded). Raises
    Malformed."""
    try:
        return payload_v2.reply(payload, TEXT)
    except NotJson:
        return Reply(200, [payload_v2.DEFAULT_TYPE], payload)


def reply_v1(payload: bytes) -> Reply:
    """The HTTP answer of what a function returned in version 1.0: nothing is inferred. Raises Malformed."""
    try:
        said = orjson.loads(payload or b"null")
    except orjson.JSONDecodeError as error:
        raise Malformed("the function's answer is not JSON") from error
    if not isinstance(said, Mapping) or "statusCode" not in said:
        raise Malformed("the function's answer is no object with a statusCode, which payload version 1.0 needs")
    try:
        return _reply_v1(said)
    except ValueError as error:
        raise Malformed(str(error)) from error


def _reply_v1(said: Mapping[str, Any]) -> Reply:
    single, many = common.merging(said)
    sent = common.answered(single + many)
    if not any(name.lower() == "content-type" for name, _ in sent):
        sent.append(("Content-Type", TEXT))
    body = said.get("body")
    if body is not None and not isinstance(body, str):
        raise ValueError(f"body is {common.kind(body)}, not a string")
    encoded = said.get("isBase64Encoded") is True
    return Reply(
        common.status_of(said["statusCode"]), sent, common.from_base64(body or "") if encoded else (body or "").encode()
    )
