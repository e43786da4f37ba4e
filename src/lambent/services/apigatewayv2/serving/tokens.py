"""Tokens (JWT) of any OpenID Connect provider, and its public keys.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html: keys are found by the
issuer's openid-configuration and kept for two hours; RSA signatures only. A Cognito user pool's are asked for where
Cognito is answered.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from lambent.http_events import http_authorizers
from lambent.model.scope import Scope
from lambent.services.apigatewayv2.serving.ports import Ports
from lambent.services.web_tokens import claims

KEPT_SECONDS = 7200.0
AGAIN_SECONDS = 60.0
"""Between two times that an issuer is asked because a token does not fit: anybody can send such tokens."""
ALGORITHMS = ["RS256", "RS384", "RS512"]
SECONDS = 1.5
"""For an issuer's answer: the page above ("JWKS endpoint ... 1500 ms")."""
_POOL = re.compile(r"https://cognito-idp\.([a-z0-9-]+)\.amazonaws\.com/([^/]+)/?")
Document = Mapping[str, Any]


class Tokens:
    """Reads tokens; keeps issuers' keys."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._kept: dict[tuple[Scope, str], tuple[float, Document]] = {}

    async def claims(self, scope: Scope, issuer: str, token: str) -> dict[str, Any]:
        """The claims of a token whose signature is the issuer's. Raises Refused (401)."""
        read = claims(token, await self._keys(scope, issuer, KEPT_SECONDS), ALGORITHMS)
        if read is None:  # the issuer may have new keys since
            read = claims(token, await self._keys(scope, issuer, AGAIN_SECONDS), ALGORITHMS)
        if read is None:
            raise http_authorizers.invalid_token("the token is not signed by the issuer")
        return read

    async def _keys(self, scope: Scope, issuer: str, seconds: float) -> Document:
        """The issuer's keys, as they were that long ago at most."""
        now = self._ports.clock.monotonic()
        kept = self._kept.get((scope, issuer))
        if kept is not None and now < kept[0] + seconds:
            return kept[1]
        keys = await self._ask(scope, issuer)
        if keys.get("keys"):
            self._kept[scope, issuer] = now, keys
        return keys

    async def _ask(self, scope: Scope, issuer: str) -> Document:
        pool = _POOL.fullmatch(issuer)
        if pool is not None:
            return await self._ports.pool_keys(Scope(scope.account, pool[1]), pool[2])
        found = await self._document(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        url = str(found.get("jwks_uri") or "")
        if urlsplit(url).scheme not in ("http", "https"):
            raise http_authorizers.invalid_token("the issuer's openid-configuration names no jwks_uri")
        return await self._document(url)

    async def _document(self, url: str) -> Document:
        try:
            status, _, body = await self._ports.fetch("GET", url, [("accept", "application/json")], b"", SECONDS)
            found = orjson.loads(body)
        except (OSError, TimeoutError, ValueError) as error:
            raise http_authorizers.invalid_token(f"the issuer does not answer: {error}") from error
        if status != 200 or not isinstance(found, dict):
            raise http_authorizers.invalid_token(f"the issuer answers {status}")
        return found
