"""Authorizers of HTTP APIs: where they find who asks, what a function is asked, and what answers mean.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from lambent.http_events import http_api, http_mapping
from lambent.http_events.http_api import HttpCall

Document = Mapping[str, Any]
NO_CHALLENGE: tuple[tuple[str, str], ...] = ()


class Refused(Exception):
    """A request is refused; `why` is for the log."""

    def __init__(self, status: int, message: str, why: str, headers: Sequence[tuple[str, str]] = NO_CHALLENGE) -> None:
        super().__init__(why)
        self.status, self.message, self.why, self.headers = status, message, why, list(headers)


def unauthorized(why: str, challenge: str = "") -> Refused:
    """401: nobody knows who asks."""
    return Refused(401, "Unauthorized", why, [("www-authenticate", challenge)] if challenge else ())


def forbidden(why: str, challenge: str = "") -> Refused:
    """403: who asks may not."""
    return Refused(403, "Forbidden", why, [("www-authenticate", challenge)] if challenge else ())


def failed(why: str) -> Refused:
    """500: the authorizer did not work."""
    return Refused(500, "Internal Server Error", why)


@dataclass(frozen=True, slots=True)
class Said:
    """What an authorizer's function has answered: simply, or by a policy."""

    allowed: bool = False
    policy: Document | None = None
    principal: str | None = None
    context: dict[str, Any] = field(default_factory=dict)
    usage_key: str = ""
    """`usageIdentifierKey`: the value of the API key that the caller counts for."""


def identity(authorizer: Document, call: HttpCall) -> tuple[str, ...]:
    """The values of the identity sources, by which an answer is kept. Raises Refused (401) when one is missing."""
    look = http_mapping.looker(call)
    found = []
    for source in authorizer.get("IdentitySource") or ():
        value = http_mapping.filled(source, look)
        if not value:
            raise unauthorized(f"{source} is missing")
        found.append(value)
    return tuple(found)


def question(authorizer: Document, call: HttpCall, values: Sequence[str], route_arn: str) -> dict[str, Any]:
    """The event of the authorizer's function, in the payload version that it asks for."""
    if authorizer.get("AuthorizerPayloadFormatVersion") == "1.0":
        event = http_api.event_v1(call)
        for member in ("body", "isBase64Encoded", "multiValueHeaders", "multiValueQueryStringParameters"):
            event.pop(member)
        said = ",".join(values)
        asked = {"type": "REQUEST", "methodArn": route_arn, "identitySource": said, "authorizationToken": said}
        return {"version": event.pop("version")} | asked | {name: one or {} for name, one in event.items()}
    event = http_api.event_v2(call)
    event.pop("isBase64Encoded")
    event.pop("body", None)
    sources = list(values) or None
    return {
        "version": event.pop("version"),
        "type": "REQUEST",
        "routeArn": route_arn,
        "identitySource": sources,
    } | event


def read(authorizer: Document, payload: bytes, error: str | None) -> Said:
    """What the function answered. Raises Refused (500) for what is no answer."""
    if error is not None:
        raise failed(f"the authorizer's function failed: {payload[:500].decode('utf-8', 'replace')}")
    try:
        answer = orjson.loads(payload)
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict):
        raise failed("the authorizer's answer is no object")
    context = answer.get("context") or {}
    if not isinstance(context, dict):
        raise failed("the context of the authorizer's answer is no object")
    if authorizer.get("EnableSimpleResponses"):
        allowed = answer.get("isAuthorized")
        if not isinstance(allowed, bool):
            raise failed("the authorizer's answer has no isAuthorized that is true or false")
        return Said(allowed, context=context)
    policy = answer.get("policyDocument")
    if not isinstance(policy, dict) or not policy.get("Statement"):
        raise failed("the policyDocument of the authorizer's answer has no Statement")
    principal = answer.get("principalId")
    usage_key = str(answer.get("usageIdentifierKey") or "")
    return Said(False, policy, None if principal is None else str(principal), context, usage_key)


def claim_text(value: Any) -> str:
    """A claim as events hold it: always text, a list in brackets and apart by spaces."""
    if isinstance(value, list):
        return f"[{' '.join(claim_text(one) for one in value)}]"
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return f"map[{' '.join(f'{name}:{claim_text(one)}' for name, one in value.items())}]"
    return orjson.dumps(value).decode()


def check_claims(claims: Document, configuration: Document, wanted: Sequence[str], now: float) -> None:
    """Raises Refused: 401 for a token that does not hold, 403 for one that lacks all of the scopes.

    `now` is in seconds since 1970. Source: the JWT page above ("Authorizing API requests").
    """
    if claims.get("iss") != str(configuration.get("Issuer")):
        raise invalid_token("the token's iss is not the authorizer's issuer")
    said = claims.get("aud", claims.get("client_id"))
    audiences = said if isinstance(said, list) else [said]
    if not set(map(str, audiences)) & set(configuration.get("Audience") or ()):
        raise invalid_token("the token's audience is none of the authorizer's")
    for name, late in (("exp", False), ("nbf", True), ("iat", True)):
        moment = claims.get(name)
        if moment is None and late:
            continue
        if not isinstance(moment, int | float) or isinstance(moment, bool):
            raise invalid_token(f"the token's {name} is no time")
        if not late and now >= moment:
            raise invalid_token("the token has expired")
        if late and now < moment:
            raise invalid_token(f"the token's {name} is in the future")
    if wanted and not set(scopes_of(claims)) & set(wanted):
        listed = " ".join(wanted)
        challenge = f'Bearer scope="{listed}" error="insufficient_scope" error_description="insufficient scope"'
        raise forbidden(f"the token has none of the scopes {listed}", challenge)


def scopes_of(claims: Document) -> list[str]:
    """What the token may be used for: `scope`, or `scp`."""
    said = claims.get("scope", claims.get("scp")) or ""
    return [str(one) for one in said] if isinstance(said, list) else str(said).split()


def invalid_token(why: str) -> Refused:
    """401 for a token that does not hold."""
    said = "".join(one if one.isprintable() and one.isascii() and one != '"' else " " for one in why)
    return unauthorized(why, f'Bearer scope="" error="invalid_token" error_description="{said}"')
