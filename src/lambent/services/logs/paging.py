"""Pages of names in order: the token is the last name of the page before."""

import base64
import binascii
from collections.abc import Callable
from typing import TypeVar

from lambent.services.logs.faults import invalid

T = TypeVar("T")

DEFAULT = 50


def page(items: list[T], key: Callable[[T], str], limit: int | None, token: str | None) -> tuple[list[T], str | None]:
    """The page after `token` of `items`, and the next token or None. A name that is gone restarts nothing."""
    start = _after(items, key, token) if token else 0
    stop = start + (limit or DEFAULT)
    found = items[start:stop]
    return found, _pack(key(found[-1])) if found and stop < len(items) else None


def _after(items: list[T], key: Callable[[T], str], token: str) -> int:
    try:
        last = base64.b64decode(token, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise invalid("The specified nextToken is invalid.") from None
    for position, item in enumerate(items):
        if key(item) == last:
            return position + 1
    raise invalid("The specified nextToken is invalid.")


def _pack(name: str) -> str:
    return base64.b64encode(name.encode()).decode()
