"""PUT and DELETE /_lambent/live: run a function from a folder of this machine, as `lambent deploy --watch` asks.

A PUT is also how a changed file is told: environments that started before it take no further invocation. It names the
process that watches (`watcher`): one at a time, and when it ends the function runs from its package again. A POST asks
which process watches. A folder of
the host is shown to code that asks for it, and functions can reach the endpoint, too. So a request must carry the
token that lies, readable by the server's user alone, in the data folder.
"""

import hmac
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from lambent.gateway.watchers import Watchers
from lambent.model.scope import Scope, checked_scope
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
        self._watchers = Watchers(lambda scope, name: set_live(scope, name, None))

    def close(self) -> None:
        """The server ends."""
        self._watchers.close()

    async def __call__(self, request: Request) -> Response:
        """204 when done; 403 without the token, 400 for a bad request, 404 for no such function, 409 when another
        process watches it."""
        if not hmac.compare_digest(request.headers.get(HEADER, "").encode(), self._token.encode()):
            return refused(403, "the token of the data folder is needed")
        try:
            said = orjson.loads(request.body)
            scope, name = checked_scope(said["account"], said["region"]), str(said["function"])
            put = (Path(said["folder"]), int(said["watcher"])) if request.method == "PUT" else None
        except (ValueError, KeyError, TypeError):
            return refused(400, "a JSON object with account, region, function, folder and watcher is needed")
        if request.method == "POST":
            return _answer(200, {"watcher": self._watchers.of((scope, name))})
        return self._put(scope, name, *put) if put else self._delete(scope, name)

    def _put(self, scope: Scope, name: str, folder: Path, watcher: int) -> Response:
        if not (folder.is_absolute() and folder.is_dir()):
            return refused(400, f"{folder} is no folder on the server's machine")
        if not self._watchers.take((scope, name), watcher):
            return refused(409, f"{name} is watched by process {self._watchers.of((scope, name))}: end that first")
        if not self._set_live(scope, name, folder):
            return self._delete(scope, name)
        return Response(204)

    def _delete(self, scope: Scope, name: str) -> Response:
        self._watchers.release((scope, name))
        return Response(204) if self._set_live(scope, name, None) else refused(404, f"there is no function {name}")


def refused(status: int, message: str) -> Response:
    """One of our own pages refuses a request, and says why."""
    return _answer(status, {"message": message})


def _answer(status: int, document: dict[str, Any]) -> Response:
    return Response(status, [("Content-Type", "application/json")], orjson.dumps(document))
