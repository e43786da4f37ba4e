"""What a Lambda authorizer is asked, what it answers, and what that allows.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html,
.../api-gateway-lambda-authorizer-output.html, .../api-gateway-lambda-authorizer-lambda-function-create.html.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from lambent import patterns
from lambent.http_events.rest_context import raw_parameter
from lambent.http_events.rest_errors import Refusal
from lambent.http_events.rest_proxy import event
from lambent.http_events.rest_request import RestRequest

Document = Mapping[str, Any]
EXPLICIT = "User is not authorized to access this resource with an explicit deny"


@dataclass(frozen=True, slots=True)
class Authorization:
    """What an authorizer has said. `asked` is the method's ARN that it was asked for."""

    principal: str
    policy: Document
    context: dict[str, str]
    usage_key: str | None
    asked: str


def identity(authorizer: Document, request: RestRequest, more: Document) -> tuple[str, ...]:
    """The values of the identity sources: what a kept answer is found by. Raises Refusal (401) when one is missing."""
    said = str(authorizer.get("identitySource") or "")
    sources = [source.strip() for source in said.split(",") if source.strip()]
    values = []
    for source in sources:
        value = raw_parameter(request, more, source)
        if value in (None, "", []):
            raise Refusal("UNAUTHORIZED", why=f"{source} is missing")
        values.append(value if isinstance(value, str) else orjson.dumps(value).decode())
    pattern = authorizer.get("identityValidationExpression")
    if authorizer["type"] == "TOKEN" and pattern and values:
        _validate(pattern, values[0])
    return tuple(values)


def _validate(pattern: str, token: str) -> None:
    try:
        fits = patterns.matches(pattern, token)
    except patterns.Unmatchable as error:
        raise Refusal("AUTHORIZER_CONFIGURATION_ERROR", why=str(error)) from error
    if not fits:
        raise Refusal("UNAUTHORIZED", why="the token is not of the identity validation expression")


def question(authorizer: Document, request: RestRequest, values: tuple[str, ...], method_arn: str) -> dict[str, Any]:
    """The event of the authorizer's function."""
    if authorizer["type"] == "TOKEN":
        token = values[0] if values else ""
        return {"type": "TOKEN", "methodArn": method_arn, "authorizationToken": token}
    whole = event(request)
    kept = {name: value or {} for name, value in whole.items() if name not in ("body", "isBase64Encoded")}
    return {"type": "REQUEST", "methodArn": method_arn} | kept


def read(payload: bytes, error: str | None, asked: str) -> Authorization:
    """What the function answered. Raises Refusal: 401 for an error "Unauthorized", else 500."""
    try:
        answer = orjson.loads(payload)
    except orjson.JSONDecodeError:
        answer = None
    if error is not None:
        said = answer.get("errorMessage") if isinstance(answer, dict) else ""
        if said == "Unauthorized":
            raise Refusal("UNAUTHORIZED", why="the authorizer's function says so")
        raise Refusal("AUTHORIZER_FAILURE", why=f"the authorizer's function failed: {said}")
    if not isinstance(answer, dict):
        raise _unusable("it is no object")
    policy, principal = answer.get("policyDocument"), answer.get("principalId")
    if not isinstance(policy, dict) or not policy.get("Statement"):
        raise _unusable("its policyDocument has no Statement")
    if not isinstance(principal, str | int | float):
        raise _unusable("it has no principalId")
    context = answer.get("context")
    if context is not None and not isinstance(context, dict):
        raise _unusable("its context is no object")
    texts = {str(name): _scalar(name, value) for name, value in (context or {}).items() if value is not None}
    key = answer.get("usageIdentifierKey")
    return Authorization(str(principal), policy, texts, key if isinstance(key, str) else None, asked)


def _scalar(name: Any, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise _unusable(f"{name} of its context is neither text, a number nor a boolean")


def _unusable(why: str) -> Refusal:
    return Refusal("AUTHORIZER_CONFIGURATION_ERROR", why=f"the authorizer's answer can't be used: {why}")


def denied(verdict: str) -> Refusal:
    """The refusal for a policy's verdict that is not "Allow"."""
    return Refusal("ACCESS_DENIED", EXPLICIT if verdict == "Deny" else None, why="the authorizer's policy denies it")
