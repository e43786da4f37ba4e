"""Regular expressions that Python's own matcher decides without going back: there it is several times as quick as the
binding of RE2.

Such an expression is a row of characters, classes and groups, of which what is repeated ends where the next one begins.
Anything else, and what RE2 reads otherwise than Python, is left to RE2.
"""

import re
import warnings
from collections.abc import Iterable
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as sre_parser  # type: ignore[attr-defined]
from typing import Any

LONGEST = 1 << 12
"""Characters of a text: each place in it may begin a row of what is repeated."""
_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)
_READ_OTHERWISE = re.compile(r"\[\[|\[:|\[=|\[\.|\{,|--|&&|\|\||~~|\\[^dDwWsStnrfv\W]|\\_")
"""Named classes, a repetition without a least number, sets of sets, escapes that are more than a character."""
_SPACE = {r"\s": r"[\t\n\f\r ]", r"\S": r"[^\t\n\f\r ]"}
"""RE2's, which has no vertical tab among them."""
_BEYOND = 128
"""Stands for all characters that are not ASCII's."""
_PROBES = [*map(chr, range(_BEYOND)), "é"]

Item = tuple[frozenset[int], bool]
"""The characters that one place of a text may have, and whether there may be any number of them."""


def compiled(pattern: str) -> "re.Pattern[str] | None":
    """The expression, if it is such a one."""
    if _READ_OTHERWISE.search(pattern):
        return None
    tokens = _TOKEN.findall(pattern.replace("(?<", "(?P<"))
    if any(len(one) > 2 and ("\\s" in one or "\\S" in one) for one in tokens):
        return None
    said = "".join(_SPACE.get(one, one) for one in tokens)
    try:
        with warnings.catch_warnings(action="error"):
            tree = sre_parser.parse(said, re.ASCII)
            items = list(_items(tree))
            plain = tree.state.flags == re.ASCII and _is_decided(items)
            return re.compile(said, re.ASCII) if plain else None
    except (re.error, ValueError, RecursionError, OverflowError, Warning):
        return None


class _Ambiguous(ValueError):
    """The expression has more than rows of characters."""


def _items(tree: Iterable[tuple[Any, Any]]) -> Iterable[Item]:
    for kind, value in tree:
        if kind is sre.SUBPATTERN:
            _group, added, removed, inner = value
            if added or removed:
                raise _Ambiguous
            yield from _items(inner)
        elif kind is sre.MAX_REPEAT:
            least, most, inner = value
            ((characters, repeated),) = _items(inner)  # ValueError: more than one
            if repeated or len(inner) != 1 or inner[0][0] is sre.SUBPATTERN:
                raise _Ambiguous
            yield from [(characters, False)] * min(least, 1)
            yield characters, least != most
        else:
            yield _characters(kind, value), False


def _characters(kind: Any, value: Any) -> frozenset[int]:
    if kind is sre.LITERAL and value < _BEYOND:
        return frozenset((value,))
    if kind is sre.ANY:
        return frozenset(range(_BEYOND + 1)) - {10}
    if kind not in (sre.IN, sre.NOT_LITERAL):
        raise _Ambiguous
    found = _matcher(kind, value)
    return frozenset(place for place, probe in enumerate(_PROBES) if found(probe))


def _matcher(kind: Any, value: Any) -> Any:
    """What tells whether a class has a character."""
    inner = sre_parser.SubPattern(sre_parser.State())
    inner.append((kind, value))
    return re._compiler.compile(inner, re.ASCII).match  # type: ignore[attr-defined]


def _is_decided(items: list[Item]) -> bool:
    """Whether each that is repeated has nothing in common with what follows until one that is there for sure."""
    for place, (characters, repeated) in enumerate(items):
        if not repeated:
            continue
        for following, more in items[place + 1 :]:
            if characters & following:
                return False
            if not more:
                break
    return True
