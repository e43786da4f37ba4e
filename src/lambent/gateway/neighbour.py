"""GET and POST /_lambent/neighbour: what moto is and holds; `{"acknowledge": true}`: what it lost may be forgotten."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from lambent.wire.http import Request, Response


def page(
    read: Callable[[], dict[str, Any]], acknowledge: Callable[[], list[str]]
) -> Callable[[Request], Awaitable[Response]]:
    """The page; `read` answers what it says, `acknowledge` the services of which something is forgotten."""

    async def answer(request: Request) -> Response:
        if request.method == "GET":
            return _json(200, read())
        if request.method != "POST":
            return _json(405, {"message": "GET or POST is needed"})
        try:
            said = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            said = None
        if said != {"acknowledge": True}:
            return _json(400, {"message": 'a JSON object is needed: {"acknowledge": true}'})
        return _json(200, {"acknowledged": acknowledge()})

    return answer


def _json(status: int, document: dict[str, Any]) -> Response:
    return Response(status, [("Content-Type", "application/json")], orjson.dumps(document))
