"""Tokens of Cognito user pools.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html: without scopes the
identity token is asked for, with scopes an access token that has one of them. Signatures are checked with the public
keys of the pool, wherever that is answered.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lambent.http_events.rest_errors import Refusal
from lambent.model.scope import Scope
from lambent.services import web_tokens
from lambent.services.apigateway.serving.ports import Ports

Document = Mapping[str, Any]
EXPIRED = "The incoming token has expired"


async def claims(ports: Ports, scope: Scope, authorizer: Document, token: str, scopes: Sequence[str]) -> dict[str, str]:
    """The claims of a token, as text. Raises Refusal (401)."""
    token = token.removeprefix("Bearer ").removeprefix("bearer ").strip()
    for arn in authorizer.get("providerARNs") or ():
        parts = str(arn).split(":")
        if len(parts) < 6:
            continue
        pool, at = parts[5].partition("/")[2], Scope(parts[4] or scope.account, parts[3] or scope.region)
        found = web_tokens.claims(token, await ports.keys(at, pool), ("RS256",))
        if found is not None and str(found.get("iss", "")).endswith(f"/{pool}"):
            return _checked(found, ports.clock.wall(), scopes)
    raise Refusal("UNAUTHORIZED", why="the token is of none of the authorizer's user pools")


def _checked(found: Mapping[str, Any], now: float, scopes: Sequence[str]) -> dict[str, str]:
    expires = found.get("exp")
    if not isinstance(expires, int | float) or now >= expires:
        raise Refusal("UNAUTHORIZED", EXPIRED, why="the token has expired")
    use = found.get("token_use")
    if scopes:
        if use != "access" or not set(str(found.get("scope", "")).split()) & set(scopes):
            raise Refusal("UNAUTHORIZED", why=f"the token has none of the scopes {', '.join(scopes)}")
    elif use != "id":
        raise Refusal("UNAUTHORIZED", why=f"the identity token is asked for, and the token's use is {use}")
    return {name: _text(value) for name, value in found.items()}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(str(one) for one in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
