"""Pages of queue URLs."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from lambent.queues import errors

MOST = 1_000


def page(urls: Sequence[str], params: dict[str, Any]) -> tuple[list[str], str | None]:
    """The URLs behind NextToken, up to MaxResults of them, and the token of the next page. `urls` are in order."""
    most = params.get("MaxResults")
    if most is not None and not 1 <= most <= MOST:
        raise errors.bad_value(most, "MaxResults", f"MaxResults must be an integer between 1 and {MOST}.")
    token = params.get("NextToken")
    after = _read(token) if token else ""
    found = [url for url in urls if url > after]
    shown = found[: most or MOST]
    more = len(found) > len(shown) and most is not None
    return shown, base64.urlsafe_b64encode(shown[-1].encode()).decode("ascii") if more else None


def _read(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise errors.bad_value(token, "NextToken", "Invalid NextToken value.") from None
