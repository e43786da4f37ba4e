"""GET /_lambent/health and /_lambent/findings: what runs here, and what is worth knowing, as JSON."""

from collections.abc import Callable
from typing import Any

import orjson

from lambent.wire.http import Request, Response


def page(report: Callable[[], dict[str, Any]]) -> Callable[[Request], Any]:
    """The page for what `report` says at that moment."""

    async def answer(request: Request) -> Response:
        body = orjson.dumps(report(), option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS)
        return Response(200, [("Content-Type", "application/json")], body)

    return answer
