"""Pages: a token says where the next one begins."""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from lambent.services.cloudwatch import faults

T = TypeVar("T")


def token(place: str) -> str:
    """The token of a place."""
    return base64.urlsafe_b64encode(place.encode()).decode("ascii")


def place(given: str | None) -> str:
    """The place of a token, "" for none. Raises Fault."""
    if not given:
        return ""
    try:
        return base64.b64decode(given.encode("ascii"), b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise faults.bad_token() from None


def number(given: str | None) -> int:
    """The number of a token, 0 for none. Raises Fault."""
    text = place(given)
    if text and not (text.isascii() and text.isdigit() and len(text) < 16):
        raise faults.bad_token()
    return int(text or 0)


def page(found: Sequence[T], given: str | None, most: int) -> tuple[list[T], str | None]:
    """A page, and the token of the next one; None for the last. Raises Fault."""
    start = number(given)
    end = start + most
    return list(found[start:end]), token(str(end)) if end < len(found) else None
