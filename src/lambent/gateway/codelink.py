"""Links that download a deployment package, good for ten minutes like AWS's.

A link carries its own proof (HMAC-SHA256 over digest and expiry), so that nothing has to be remembered; the secret
lives as long as the server.
"""

import hmac
import re
import secrets
from collections.abc import Awaitable, Callable
from hashlib import sha256
from urllib.parse import parse_qs

from lambent.wire.http import Request, Response

EXPIRES = re.compile("[0-9]{1,12}")
LIFETIME = 600
"""Seconds (https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html: valid for 10 minutes)."""


class CodeLinks:
    """Makes and serves the links. `read` answers the package of a hex digest; `now` is seconds since 1970."""

    def __init__(self, base_url: str, read: Callable[[str], Awaitable[bytes]], now: Callable[[], float]) -> None:
        self._base_url = base_url
        self._read = read
        self._now = now
        self._secret = secrets.token_bytes(32)

    def url(self, digest: str) -> str:
        """A link for the package `digest`."""
        expires = int(self._now()) + LIFETIME
        return f"{self._base_url}/_lambent/code/{digest}.zip?expires={expires}&proof={self._proof(digest, expires)}"

    async def page(self, request: Request) -> Response:
        """The package, or 403 for a link that is expired or not ours."""
        digest = request.path.rpartition("/")[2].removesuffix(".zip")
        query = parse_qs(request.query)
        expires, proof = query.get("expires", ["0"])[0], query.get("proof", [""])[0]
        if not EXPIRES.fullmatch(expires) or int(expires) < self._now():
            return Response(403, [("Content-Type", "text/plain")], b"This link has expired: call GetFunction again.\n")
        if not hmac.compare_digest(proof.encode("utf-8", "replace"), self._proof(digest, int(expires)).encode()):
            return Response(403, [("Content-Type", "text/plain")], b"This link is not valid.\n")
        return Response(200, [("Content-Type", "application/zip")], await self._read(digest))

    def _proof(self, digest: str, expires: int) -> str:
        return hmac.new(self._secret, f"{digest} {expires}".encode(), sha256).hexdigest()
