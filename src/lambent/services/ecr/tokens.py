"""The passwords that GetAuthorizationToken gives: they say themselves whose they are, and prove it.

Good for twelve hours, whichever server of the data folder answers
(https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html#registry-auth-token).
"""

import base64
import hmac
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import orjson

LIFETIME = 12 * 3600
"""Seconds."""
_MOST = 4096
"""Characters of a token."""


class Tokens:
    """Makes and reads them; `secret` is the data folder's, `now` seconds since 1970."""

    def __init__(self, secret: bytes, now: Callable[[], float]) -> None:
        self._secret = secret
        self._now = now

    def make(self, said: dict[str, Any], lifetime: int = LIFETIME) -> tuple[str, int]:
        """A token that carries `said`, and when it expires."""
        expires = int(self._now()) + lifetime
        text = base64.urlsafe_b64encode(orjson.dumps({**said, "expires": expires})).decode()
        return f"{text}.{self._proof(text)}", expires

    def read(self, token: str) -> dict[str, Any] | None:
        """What a token carries; None for one that is expired or not ours."""
        text, _, proof = token.partition(".")
        if len(token) > _MOST or not hmac.compare_digest(proof.encode("utf-8", "replace"), self._proof(text).encode()):
            return None
        said: dict[str, Any] = orjson.loads(base64.urlsafe_b64decode(text))
        return said if said["expires"] >= self._now() else None

    def _proof(self, text: str) -> str:
        return hmac.new(self._secret, text.encode("utf-8", "replace"), sha256).hexdigest()
