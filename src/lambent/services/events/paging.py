"""Pages of lists: a token names the last entry of the page before."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from lambent.buses import errors

MOST = 100


def page(entries: Sequence[dict[str, Any]], key: str, params: Mapping[str, Any], member: str) -> dict[str, Any]:
    """The entries behind NextToken, up to Limit of them, as `member` of the answer; they are in the order of `key`.

    Raises BusError.
    """
    after = _read(params.get("NextToken"))
    found = [one for one in entries if one[key] > after]
    shown = found[: params.get("Limit") or MOST]
    if len(found) == len(shown):
        return {member: shown}
    return {member: shown, "NextToken": base64.urlsafe_b64encode(shown[-1][key].encode()).decode()}


def strings(names: Sequence[str], params: Mapping[str, Any], member: str) -> dict[str, Any]:
    """The same for names."""
    said = page([{"": one} for one in sorted(names)], "", params, member)
    return {**said, member: [one[""] for one in said[member]]}


def _read(token: str | None) -> str:
    if not token:
        return ""
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise errors.validation("Parameter NextToken is not valid.") from None  # our wording
