"""Query strings and forms: the raw text into names and values."""

from urllib.parse import parse_qsl

from lambent.wire.fault import Fault
from lambent.wire.http import Request

MOST_BYTES = 16 << 20
"""Of a form: more than the largest that a service takes (SES: a message of 10 MB)."""
MOST_FIELDS = 100_000


def pairs_of(text: str) -> list[tuple[str, str]]:
    """Decoded (name, value) pairs in order; a name without "=" has the value "". Raises Fault for too many."""
    if not text:
        return []
    if text.count("&") > MOST_FIELDS:
        raise Fault("RequestEntityTooLargeException", f"A form has at most {MOST_FIELDS} fields here.", status=413)
    return parse_qsl(text, keep_blank_values=True)


def check_form(body: bytes) -> None:
    """Raises Fault for a form with too much."""
    if len(body) > MOST_BYTES:
        raise Fault("RequestEntityTooLargeException", f"A form has at most {MOST_BYTES} bytes here.", status=413)
    if body.count(b"&") > MOST_FIELDS:
        raise Fault("RequestEntityTooLargeException", f"A form has at most {MOST_FIELDS} fields here.", status=413)


def values_of(text: str) -> dict[str, list[str]]:
    """Decoded values by name."""
    values: dict[str, list[str]] = {}
    for name, value in pairs_of(text):
        values.setdefault(name, []).append(value)
    return values


def form_of(request: Request) -> dict[str, str]:
    """The fields of a query-protocol request: those of its query string and, winning, those of its body. Raises Fault
    for one that is too large."""
    check_form(request.body)
    fields = dict(pairs_of(request.query))
    fields.update(pairs_of(request.body.decode("utf-8", "replace")))
    return fields
