"""Lists, a page at a time."""

import base64
import binascii
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from lambent.services.ecr import faults

T = TypeVar("T")


def page(
    name: str,
    found: Sequence[T],
    params: dict[str, Any],
    key: Callable[[T], str],
    show: Callable[[T], Any],
    most: int,
) -> dict[str, Any]:
    """Up to `maxResults` of `found`, which is in the order of `key`; `nextToken` names the last one."""
    start = bisect_right(found, _after(params["nextToken"]), key=key) if params.get("nextToken") else 0
    end = start + min(params.get("maxResults") or most, 1000)
    said: dict[str, Any] = {name: [show(one) for one in found[start:end]]}
    if end < len(found):
        said["nextToken"] = base64.urlsafe_b64encode(key(found[end - 1]).encode()).decode()
    return said


def _after(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token).decode()
    except (binascii.Error, ValueError):
        raise faults.broken("nextToken", "Invalid token") from None
