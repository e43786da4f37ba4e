"""Query strings and forms: the raw text into names and values."""

from urllib.parse import parse_qsl

from lambent.wire.http import Request


def pairs_of(text: str) -> list[tuple[str, str]]:
    """Decoded (name, value) pairs in order; a name without "=" has the value ""."""
    return parse_qsl(text, keep_blank_values=True) if text else []


def values_of(text: str) -> dict[str, list[str]]:
    """Decoded values by name."""
    values: dict[str, list[str]] = {}
    for name, value in pairs_of(text):
        values.setdefault(name, []).append(value)
    return values


def form_of(request: Request) -> dict[str, str]:
    """The fields of a query-protocol request: those of its query string and, winning, those of its body."""
    fields = dict(pairs_of(request.query))
    fields.update(pairs_of(request.body.decode("utf-8", "replace")))
    return fields
