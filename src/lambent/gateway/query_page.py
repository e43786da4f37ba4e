"""Pages that answer by their query, and by the body of a POST as its member `body`:

/_lambent/permissions?why=ID, ?trail=ACCOUNT and ?policy=NAME&account=…&region=…: what the policies say (the latter also
by POST, with the calls of the function's code);
?calls=ACCOUNT&after=NUMBER: what functions called since then.

/_lambent/environments?account=…&region=…&function=…: the execution environments that there are of a function, or
without a name of all of the account and region, and the latest that have ended, with their phases; `now` is the time of
the answer (all seconds since 1970, by the machine's clock, which environments live by).

/_lambent/resting?account=…&region=…: what the environments hold in which nothing runs.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson

from lambent.wire.http import Request, Response
from lambent.wire.query import pairs_of

Answer = Callable[[Mapping[str, str]], Awaitable[Mapping[str, Any] | None]]


def page(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """The page; `answer` gets the query and answers a document, None for what there is not. It may raise ValueError."""

    async def show(request: Request) -> Response:
        try:
            asked = dict(pairs_of(request.query))
            if request.method == "POST":
                asked["body"] = request.body.decode("utf-8", "replace")
            said = await answer(asked)
        except ValueError as error:
            return _json(400, {"message": str(error)})
        return _json(404, {"message": "there is nothing of that name"}) if said is None else _json(200, said)

    return show


def _json(status: int, document: Mapping[str, Any]) -> Response:
    body = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS, default=str)
    return Response(status, [("Content-Type", "application/json")], body)
