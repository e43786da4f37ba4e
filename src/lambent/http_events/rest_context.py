"""`$context` of mapping templates, parameters and access logs, and parameters by their names.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html and
.../api-gateway-variables-for-access-logging.html.
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from lambent.http_events import json_path
from lambent.http_events.rest_request import RestRequest, identity, request_time


def context(request: RestRequest, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Everything that is known of a request; `more` is what comes later, or from the integration."""
    known: dict[str, Any] = {
        "accountId": request.account,
        "apiId": request.api_id,
        "deploymentId": request.deployment_id,
        "domainName": request.domain,
        "domainPrefix": request.domain.partition(".")[0],
        "extendedRequestId": request.extended_id,
        "httpMethod": request.method,
        "identity": {name: value for name, value in identity(request).items() if value is not None},
        "path": f"{request.prefix}{request.path}",
        "protocol": request.protocol,
        "requestId": request.request_id,
        "requestTime": request_time(request.now),
        "requestTimeEpoch": request.epoch_millis,
        "resourceId": request.resource_id,
        "resourcePath": request.resource_path,
        "stage": request.stage,
        "xrayTraceId": trace_root(request.trace_id),
        "isCanaryRequest": False,
    }
    if request.authorizer is not None:
        known["authorizer"] = request.authorizer
    if request.operation:
        known["operationName"] = request.operation
    return known | dict(more or {})


def trace_root(header: str) -> str:
    """The root of a trace header."""
    found = re.search(r"Root=([^;]+)", header)
    return found[1] if found else ""


def value_at(document: Any, path: str) -> Any:
    """What stands at a dotted path; None where there is nothing."""
    for part in path.split("."):
        if isinstance(document, Mapping):
            document = document.get(part)
        elif isinstance(document, list) and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        else:
            return None
    return document


def text_of(value: Any) -> str | None:
    """A value as a parameter or log has it."""
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value, default=str).decode()


def parameter(request: RestRequest, more: Mapping[str, Any], name: str) -> str | None:
    """A parameter by its name: `method.request.header.x`, `context.requestId`, `stageVariables.y`."""
    return text_of(raw_parameter(request, more, name))


def raw_parameter(request: RestRequest, more: Mapping[str, Any], name: str) -> Any:
    """The same, as it is: several values are a list."""
    place, _, rest = name.partition(".")
    if place == "context":
        return value_at(context(request, more), rest)
    if place == "stageVariables":
        return request.stage_variables.get(rest)
    if place == "method" and rest.startswith("request."):
        named = rest.removeprefix("request.")
        path = json_path.of_body(named)
        if path is not None:
            return text_of(request.content.at(path)) if path else request.text
        kind, _, key = named.partition(".")
        return _REQUEST[kind](request, key) if kind in _REQUEST else None
    return None


def _many(values: list[str] | None) -> Any:
    if not values:
        return None
    return values[0] if len(values) == 1 else values


_REQUEST = {
    "path": lambda request, key: request.variables.get(key),
    "querystring": lambda request, key: (request.queries.get(key) or [None])[-1],
    "header": lambda request, key: request.header(key),
    "multivaluequerystring": lambda request, key: _many(request.queries.get(key)),
    "multivalueheader": lambda request, key: _many(request.named.get(key.lower())),
}
