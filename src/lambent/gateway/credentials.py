"""GET /_lambent/credentials: the execution role's temporary credentials, as the SDKs ask a container for them.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
"""

from collections.abc import Callable
from datetime import UTC, datetime

import orjson

from lambent.model.credentials import Credentials
from lambent.wire.http import Request, Response

LIFETIME = 6 * 3600
"""Real seconds until the SDK asks again."""


class CredentialsPage:
    """The page. `find` answers the credentials that an authorization token stands for; `now` is seconds since 1970 on
    the clock of those who ask, which is `speed` times as fast as real time."""

    def __init__(self, find: Callable[[str], Credentials | None], now: Callable[[], float], speed: float = 1.0) -> None:
        self._find = find
        self._now = now
        self._lifetime = LIFETIME * max(speed, 1.0)

    async def __call__(self, request: Request) -> Response:
        """The credentials as JSON, 401 for a token that is not, or no longer, one of ours."""
        found = self._find(request.headers.get("authorization", ""))
        if found is None:
            said = {"code": "AccessDenied", "message": "The authorization token is not valid here."}
            return Response(401, [("Content-Type", "application/json")], orjson.dumps(said))
        expires = datetime.fromtimestamp(self._now() + self._lifetime, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = {
            "AccessKeyId": found.access_key,
            "SecretAccessKey": found.secret_key,
            "Token": found.session_token,
            "Expiration": expires,
        }
        return Response(200, [("Content-Type", "application/json")], orjson.dumps(body))
