"""Pages of a hundred."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from lambent.topics.errors import invalid

T = TypeVar("T")
MOST = 100


def page(found: Sequence[T], key: Callable[[T], str], params: dict[str, Any]) -> tuple[Sequence[T], dict[str, str]]:
    """Those behind NextToken, and what names the next page. `found` is in the order of `key`. Raises TopicError."""
    after = _read(params.get("NextToken") or "")
    left = [one for one in found if key(one) > after]
    shown = left[:MOST]
    more = {"NextToken": base64.b64encode(key(shown[-1]).encode()).decode("ascii")} if len(left) > MOST else {}
    return shown, more


def _read(token: str) -> str:
    try:
        return base64.b64decode(token, validate=True).decode()
    except (binascii.Error, ValueError):
        raise invalid("NextToken") from None
