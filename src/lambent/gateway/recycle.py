"""POST /_lambent/recycle: end execution environments now, so that the next invocation starts cold.

Without a body all of them; `{"account": …, "region": …, "function": …}` those of one function. Idle ones are gone when
the answer comes, busy ones end after their invocation.
"""

from collections.abc import Awaitable, Callable

import orjson

from lambent.model.scope import Scope, checked_scope
from lambent.wire.http import Request, Response

Recycle = Callable[[Scope | None, str], Awaitable[int]]


def page(recycle: Recycle) -> Callable[[Request], Awaitable[Response]]:
    """The page; `recycle(scope, function)` ends environments and answers how many, all of them with None."""

    async def answer(request: Request) -> Response:
        if request.method != "POST":
            return _json(405, {"message": "POST is needed"})
        scope, name = None, ""
        if request.body:
            try:
                said = orjson.loads(request.body)
                scope, name = checked_scope(said["account"], said["region"]), str(said["function"])
            except (ValueError, KeyError, TypeError):
                return _json(400, {"message": "a JSON object with account, region and function is needed"})
        return _json(200, {"environments": await recycle(scope, name)})

    return answer


def _json(status: int, document: dict[str, object]) -> Response:
    return Response(status, [("Content-Type", "application/json")], orjson.dumps(document))
