"""PUT and DELETE /_lambent/live: run a function from a folder of this machine, as `lambent deploy --watch` asks.

A PUT is also how a changed file is told: environments that started before it take no further invocation. A folder of
the host is shown to code that asks for it, and functions can reach the endpoint, too. So a request must carry the
token that lies, readable by the server's user alone, in the data folder.
"""

import hmac
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from lambent.model.scope import Scope
from lambent.wire.http import Request, Response

FILE = "token"
"""The file in the data folder."""
HEADER = "x-lambent-token"

SetLive = Callable[[Scope, str, Path | None], bool]


def make_token(data_dir: Path) -> str:
    """A new token, written where only the server's user can read it."""
    path = data_dir / FILE
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    token = secrets.token_hex(16)
    path.write_text(token)
    return token


class LivePage:
    """The page. `set_live(scope, name, folder)` turns a function's folder on, or off with None; False if there is no
    such function."""

    def __init__(self, token: str, set_live: SetLive) -> None:
        self._token = token
        self._set_live = set_live

    async def __call__(self, request: Request) -> Response:
        """204 when done; 403 without the token, 400 for a bad request, 404 for no such function."""
        if not hmac.compare_digest(request.headers.get(HEADER, ""), self._token):
            return refused(403, "the token of the data folder is needed")
        try:
            said = orjson.loads(request.body)
            scope, name = Scope(str(said["account"]), str(said["region"])), str(said["function"])
            folder = Path(said["folder"]) if request.method == "PUT" else None
        except (ValueError, KeyError, TypeError):
            return refused(400, "a JSON object with account, region, function and folder is needed")
        if folder is not None and not (folder.is_absolute() and folder.is_dir()):
            return refused(400, f"{folder} is no folder on the server's machine")
        if not self._set_live(scope, name, folder):
            return refused(404, f"there is no function {name}")
        return Response(204)


def refused(status: int, message: str) -> Response:
    """One of our own pages refuses a request, and says why."""
    body: dict[str, Any] = {"message": message}
    return Response(status, [("Content-Type", "application/json")], orjson.dumps(body))
