"""What moto raises, as an answer that says so: our side of the wall logs it and makes the caller's error of it."""

import traceback
from collections.abc import Callable, Iterable
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from lambent.neighbour.patience import Patience, TooBusy

HEADER = "x-lambent-failure"
"""The exception's last line and where it was raised, percent-encoded."""
MISSING = "NotImplementedError"
"""What moto raises for an operation that it does not have."""
NO_BACKEND = "get_backend"
"""Where moto looks up the backend of a service, and fails at one that it does not have at all."""
LONGEST = 500

BUSY = TooBusy.__module__
"""How the last line of a request begins that was broken off."""
_PATIENCE = Patience()

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def answered(application: Wsgi, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """What `application` answers; 500 without a body, with `HEADER`, when it raises or is busy for too long."""
    try:
        with _PATIENCE.bounded():
            return application(environ, start_response)
    except (Exception, TooBusy) as error:
        start_response("500 Internal Server Error", [("Content-Length", "0"), (HEADER, quote(last_line(error)))])
        return []


def last_line(error: BaseException) -> str:
    """`KeyError: 'x' (models.py:12)`, in one line."""
    said = " ".join(traceback.format_exception_only(error)[-1].split())[:LONGEST]
    frames = traceback.extract_tb(error.__traceback__)
    if frames and frames[-1].name == NO_BACKEND:
        said = f"{MISSING}: it has no such service"
    where = f" ({PurePath(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{said}{where}"
