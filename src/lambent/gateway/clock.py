"""GET and POST /_lambent/clock: what time it is for all that waits, and `{"advance": seconds or "6h"}`.

A POST answers when everything that fell due on the way has happened; `running` tells how much of it took longer than
the server waits and is still under way.
"""

import math
import re
from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from lambent.wire.http import Request, Response

UNITS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0}
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?")
_LENGTHS = "seconds, or as in 90s, 10m, 6h, 1h30m, 2d"
LONGEST = 10 * 366 * UNITS["d"]

Advance = Callable[[float], Awaitable[int]]


def page(read: Callable[[], dict[str, Any]], advance: Advance | None) -> Callable[[Request], Awaitable[Response]]:
    """The page; `read` answers what the clock reads, `advance` (None: it can't be moved) moves it by seconds."""

    async def answer(request: Request) -> Response:
        if request.method == "GET":
            return _json(200, read())
        if request.method != "POST":
            return _json(405, {"message": "GET or POST is needed"})
        if advance is None:
            return _json(409, {"message": "this clock moves by itself: start the server with --clock manual"})
        try:
            said = orjson.loads(request.body)["advance"]
        except (ValueError, KeyError, TypeError):
            message = 'a JSON object is needed, as in {"advance": 90} or {"advance": "1h30m"}'
            return _json(400, {"message": message})
        try:
            seconds = duration(said)
        except ValueError:
            return _json(400, {"message": f"{said!r} is no length of time of at most ten years: {_LENGTHS}"})
        running = await advance(seconds)
        return _json(200, read() | {"running": running})

    return answer


def duration(said: Any) -> float:
    """Seconds of a number, or of a text as in 90, 90s, 10m, 6h, 1h30m, 2d. Raises ValueError."""
    if isinstance(said, str):
        match = _DURATION.fullmatch(said)
        if match is None or not said:
            raise ValueError(said)
        seconds = sum(float(part or 0) * unit for part, unit in zip(match.groups(), UNITS.values(), strict=True))
    elif isinstance(said, int | float) and not isinstance(said, bool):
        seconds = float(said)
    else:
        raise ValueError(said)
    if not (math.isfinite(seconds) and 0 <= seconds <= LONGEST):
        raise ValueError(said)
    return seconds


def _json(status: int, document: dict[str, Any]) -> Response:
    return Response(status, [("Content-Type", "application/json")], orjson.dumps(document))
