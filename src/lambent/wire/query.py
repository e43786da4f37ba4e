"""Query strings and forms: the raw text into names and values."""

import binascii
import re
from itertools import islice

from lambent.wire.fault import Fault
from lambent.wire.http import Request

MOST_BYTES = 16 << 20
"""Of a form: more than the largest that a service takes (SES: a message of 10 MB)."""
MOST_FIELDS = 50_000
MOST_BROKEN = 1_000
"""Percent signs that begin no escape: each of them takes a moment, where the others take none."""
_BROKEN = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_FORM = object()


def pairs_of(text: str) -> list[tuple[str, str]]:
    """Decoded (name, value) pairs in order, as `urllib.parse.parse_qsl` has them; a name without "=" has the value "".
    Raises Fault for too many, and for text that only looks encoded."""
    if not text:
        return []
    check_fields(text.count("&"))
    split = (part.partition("=") for part in text.split("&") if part)
    return [(_decoded(name), _decoded(value)) for name, _, value in split]


def _decoded(text: str) -> str:
    """Without percent encoding, in one go: Python's own decoder takes ten seconds for 16 MB of it. Quoted-printable is
    the same with another sign, and C decodes it."""
    if "%" not in text:
        return text.replace("+", " ")
    raw = text.replace("+", " ").encode("utf-8", "surrogatepass")
    if sum(1 for _ in islice(_BROKEN.finditer(raw), MOST_BROKEN + 1)) > MOST_BROKEN:
        raise Fault("MalformedQueryString", "The query string contains a syntax error.", status=400)
    whole = _BROKEN.sub(b"%25", raw)
    return binascii.a2b_qp(whole.replace(b"=", b"%3D").replace(b"%", b"=")).decode("utf-8", "replace")


def check_form(body: bytes, most: int = MOST_BYTES, fields: int = MOST_FIELDS) -> None:
    """Raises Fault for a form of more than `most` bytes, or with more fields."""
    if len(body) > most:
        raise Fault("RequestEntityTooLargeException", f"A form has at most {most} bytes here.", status=413)
    check_fields(body.count(b"&"), fields)


def check_fields(count: int, most: int = MOST_FIELDS) -> None:
    """Raises Fault for too many fields of a form."""
    if count > most:
        raise Fault("RequestEntityTooLargeException", f"A form has at most {most} fields here.", status=413)


def values_of(text: str) -> dict[str, list[str]]:
    """Decoded values by name."""
    values: dict[str, list[str]] = {}
    for name, value in pairs_of(text):
        values.setdefault(name, []).append(value)
    return values


def form_of(request: Request) -> dict[str, str]:
    """The fields of a query-protocol request: those of its query string and, winning, those of its body. Raises Fault
    for one that is too large. It is decoded once, however often it is asked for."""
    asked = (request.query, request.body)
    known = request.routed.get(_FORM)
    if known is None or known[0] != asked:
        known = request.routed[_FORM] = asked, _fields(request)
    return dict(known[1])


def _fields(request: Request) -> dict[str, str]:
    check_form(request.body)
    fields = dict(pairs_of(request.query))
    fields.update(pairs_of(request.body.decode("utf-8", "replace")))
    return fields
