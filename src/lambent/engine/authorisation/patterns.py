"""Texts of policies with wildcards and variables.

Sources: reference_policies_variables.html (variables, their defaults, `${*}`),
reference_policies_elements_resource.html (an ARN with less than six fields is completed with "*") and
reference_policies_elements_condition_operators.html (the fields of an ARN are compared one by one), all of the IAM user
guide.
"""

import functools
import re
import string
from collections.abc import Iterator, Mapping

from lambent.patterns import wildcard

Keys = Mapping[str, str | tuple[str, ...]]
"""Condition keys of a request: names in lower case; a tuple for a key that has several values."""
_VARIABLE = re.compile(r"\$\{\s*([^},\s]+)\s*(?:,\s*'([^']*)'\s*)?\}")
_SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_LITERAL = {"*", "?", "$"}
_CACHE = 8_192


def lower(text: str) -> str:
    """A text without regard to the case of A to Z: what else looks like a letter (the sign of Kelvin) is another."""
    return text.lower() if text.isascii() else text.translate(_SMALL)


def matches(pattern: str, text: str) -> bool:
    """Whether a text has the form of a pattern with "*" and "?"."""
    if pattern in ("*", text):
        return True
    return _compiled(pattern).fullmatch(text) is not None


@functools.lru_cache(_CACHE)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(_expression([(pattern, False)]), re.DOTALL)


def _expression(pieces: list[tuple[str, bool]]) -> str:
    """The regular expression of (piece, whether it is taken literally)."""
    parts = [""]
    for piece, literal in pieces:
        first, *more = [piece] if literal else piece.split("*")
        parts[-1] += _part(first, literal)
        parts.extend(_part(one, literal) for one in more)
    return wildcard(parts)


def _part(text: str, literal: bool) -> str:
    return re.escape(text) if literal else ".".join(re.escape(one) for one in text.split("?"))


def has_variable(text: str) -> bool:
    """Whether a text depends on who asks."""
    return "${" in text


def variables(text: str) -> Iterator[str]:
    """The keys (lower case) that stand in a text as variables."""
    if has_variable(text):
        yield from (lower(found[1]) for found in _VARIABLE.finditer(text) if found[1] not in _LITERAL)


def expanded(text: str, keys: Keys) -> str | None:
    """The text as a plain one, for operators without wildcards; None when a variable has no value."""
    found = _pieces(text, keys)
    return None if found is None else "".join(piece for piece, _ in found)


def fits(pattern: str, text: str, keys: Keys) -> bool:
    """As `matches`, with variables: what stands for one is taken as it is, even where it has an asterisk."""
    if not has_variable(pattern):
        return matches(pattern, text)
    found = _pieces(pattern, keys)
    if found is None:
        return False
    return re.fullmatch(_expression(found), text, re.DOTALL) is not None


def arn_fits(pattern: str, arn: str, keys: Keys) -> bool:
    """Whether an ARN is one of those that a pattern names: field by field."""
    if pattern in ("*", arn):
        return True
    if not arn.startswith(_start(pattern)):
        return False
    wanted, fields = _fields(pattern), arn.split(":", 5)
    if len(fields) < 6:
        return fits(pattern, arn, keys)
    return all(fits(one, field, keys) for one, field in zip(wanted, fields, strict=True))


@functools.lru_cache(_CACHE)
def _start(pattern: str) -> str:
    """What of a pattern is the same for all that it fits."""
    return re.split(r"[*?]|\$\{", pattern, maxsplit=1)[0]


@functools.lru_cache(_CACHE)
def _fields(pattern: str) -> tuple[str, ...]:
    """The six fields of an ARN; the colon in a variable's name is none of them."""
    kept: list[str] = []

    def hide(found: re.Match[str]) -> str:
        kept.append(found[0])
        return f"\0{len(kept) - 1}\0"

    parts = re.sub(r"\$\{[^}]*\}", hide, pattern).split(":", 5)
    shown = [re.sub("\0([0-9]+)\0", lambda one: kept[int(one[1])], part) for part in parts]
    return (*shown, *["*"] * (6 - len(shown)))


def _pieces(text: str, keys: Keys) -> list[tuple[str, bool]] | None:
    """The text in pieces: (piece, whether it is taken literally). None when a variable has no value."""
    pieces: list[tuple[str, bool]] = []
    place = 0
    for found in _VARIABLE.finditer(text):
        pieces.append((text[place : found.start()], False))
        value = found[1] if found[1] in _LITERAL else keys.get(lower(found[1]), found[2])
        if value is None or isinstance(value, tuple):
            return None  # a key with several values is no variable
        pieces.append((value, True))
        place = found.end()
    return [*pieces, (text[place:], False)]
