"""GET /_lambent/environments?account=…&region=…&function=…: the execution environments that there are of a function, or
without a name of all of the account and region, and the latest that have ended, with their phases; `now` is the time of
the answer (all seconds since 1970, by the machine's clock, which environments live by)."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from lambent.model.scope import Scope, checked_scope
from lambent.wire.http import Request, Response
from lambent.wire.query import pairs_of

Lives = Callable[[Scope, str], dict[str, Any]]


def page(lives: Lives) -> Callable[[Request], Awaitable[Response]]:
    """The page; `lives(scope, function)` is what it says, "" for all functions."""

    async def answer(request: Request) -> Response:
        asked = dict(pairs_of(request.query))
        try:
            scope = checked_scope(asked["account"], asked["region"])
        except (KeyError, ValueError):
            return _json(400, {"message": "account and region are needed"})
        return _json(200, lives(scope, asked.get("function", "")))

    return answer


def _json(status: int, document: dict[str, Any]) -> Response:
    return Response(status, [("Content-Type", "application/json")], orjson.dumps(document))
