"""`$context` of HTTP APIs, for access logs and parameter mappings, and the expressions in which it stands.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import orjson

from lambent.http_events import common
from lambent.http_events.http_api import HttpCall
from lambent.http_events.payload_v2 import Reply

_VARIABLE = re.compile(r"\$context((?:\.[\w-]+)+)")


def context(call: HttpCall, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What is known of a request."""
    known: dict[str, Any] = {
        "accountId": call.account,
        "apiId": call.api_id,
        "domainName": call.domain,
        "domainPrefix": call.domain.partition(".")[0],
        "extendedRequestId": call.request_id,
        "httpMethod": call.method,
        "identity": {"sourceIp": call.peer, "userAgent": call.named.get("user-agent"), **call.identity},
        "path": unquote(call.staged),
        "protocol": "HTTP/1.1",
        "requestId": call.request_id,
        "requestTime": common.request_time(call.now),
        "requestTimeEpoch": int(call.now),
        "routeKey": call.route_key,
        "stage": call.stage,
        "authorizer": _authorizer(call),
    }
    return known | dict(more or {})


def _authorizer(call: HttpCall) -> dict[str, Any]:
    """A function's context by its names, a token's claims under `claims`."""
    said = call.authorizer or {}
    if "jwt" in said:
        return {"claims": said["jwt"]["claims"]}
    return dict(said.get("lambda") or {})


def answered(reply: Reply, millis: int, message: str, call: HttpCall) -> dict[str, Any]:
    """What is known of any answer; `message` is what the API says by itself."""
    return {
        "status": reply.status,
        "responseLength": len(reply.body),
        "responseLatency": millis,
        "dataProcessed": len(call.body) + len(reply.body),
        "error": {"message": message, "messageString": orjson.dumps(message).decode() if message else ""},
        "customDomain": {"basePathMatched": call.mapping.removeprefix("/")},
    }


def value_at(known: Mapping[str, Any], path: str) -> str | None:
    """The text at a dotted path, None where there is none."""
    found: Any = known
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return text_of(found)


def text_of(value: Any) -> str | None:
    """A value as text: None stays None, what is no scalar is JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return orjson.dumps(value).decode()
    return orjson.dumps(value).decode()


def line(form: str, known: Mapping[str, Any]) -> str:
    """A line of an access log: variables by their values, what is not known is `-`."""
    return _VARIABLE.sub(lambda found: value_at(known, found[1][1:]) or "-", form)
