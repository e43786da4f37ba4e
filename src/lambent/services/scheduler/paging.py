"""Pages of lists in order of their names: the token is the last name of the page before, behind its group."""

import base64
import binascii
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from lambent.services.scheduler.faults import invalid
from lambent.store.resources import Resource

MOST = 100


def page(found: Sequence[Resource], params: Mapping[str, Any]) -> tuple[Sequence[Resource], dict[str, str]]:
    """The page that was asked for, and the member NextToken if there are more."""
    start = 0
    if params.get("NextToken"):
        start = bisect_right(found, _unpacked(params["NextToken"]), key=lambda one: (one.parent, one.name))
    stop = start + int(params.get("MaxResults") or MOST)
    more = {"NextToken": _packed(found[stop - 1])} if stop < len(found) else {}
    return found[start:stop], more


def _packed(last: Resource) -> str:
    return base64.urlsafe_b64encode(f"{last.parent}/{last.name}".encode()).decode()


def _unpacked(token: str) -> tuple[str, str]:
    try:
        parent, _, name = base64.b64decode(token, b"-_", validate=True).decode().partition("/")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise invalid("Invalid NextToken provided.") from None  # our wording
    return parent, name
