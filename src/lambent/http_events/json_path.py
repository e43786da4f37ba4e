"""JSONPath as API Gateway's templates have it: a definite path has one value, any other one a list.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
(`$input.path(x)`); AWS uses Jayway's JsonPath.
"""

import math
import re
from functools import lru_cache
from typing import Any

import orjson
from jsonpath_ng import Child, Fields, Index, Root
from jsonpath_ng.exceptions import JSONPathError
from jsonpath_ng.ext import filter as filters
from jsonpath_ng.ext.parser import parse

from lambent import patterns

MOST_CHARACTERS = 2_000
LARGE = 64 << 10
"""Bytes of a body that takes a while to be read and looked through."""
MOST_STEPS = 1_000_000
"""Values that a path may look at: one that goes down from everywhere, again and again, looks at very many."""
_OWN = re.compile(r"`|(?<!\|)\|(?!\|)")
"""Functions and unions are the library's own, JsonPath has none."""
_CHOICES = re.compile(r"\[([^\]]*)\]")


class NoPath(ValueError):
    """The text is no JSONPath, or one that takes too long."""


def _like(value: Any, pattern: Any) -> bool:
    return isinstance(value, str) and patterns.search(f"^(?:{pattern})", value)


filters.OPERATOR_MAP["=~"] = _like  # the library's own goes back and forth


@lru_cache(maxsize=512)
def _parsed(path: str) -> tuple[Any, bool]:
    if len(path) > MOST_CHARACTERS or _OWN.search(path):
        raise NoPath(path)
    try:
        found = parse(path if path.startswith("$") else f"$.{path}")
    except (JSONPathError, ValueError, RecursionError, AttributeError) as error:
        raise NoPath(path) from error
    return found, _definite(found)


def _definite(node: Any) -> bool:
    if isinstance(node, Child):
        return _definite(node.left) and _definite(node.right)
    if isinstance(node, Fields):
        return len(node.fields) == 1 and node.fields[0] != "*"
    if isinstance(node, Index):
        return len(getattr(node, "indices", (0,))) == 1
    return isinstance(node, Root)


def find(document: Any, path: str) -> Any:
    """What stands at a path; None where a definite path leads nowhere. Raises NoPath."""
    if path in ("$", ""):
        return document
    expression, definite = _parsed(path)
    if not definite and _steps(document, path) > MOST_STEPS:
        raise NoPath(f"{path[:80]} takes too long")
    try:
        values = [one.value for one in expression.find(document)]
    except (JSONPathError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise NoPath(path) from error
    if definite:
        return values[0] if values else None
    return values


class Body:
    """A body of which mappings name parts: it is read once, when the first is asked for."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._document: Any = None
        self._read = self._broken = False

    @property
    def is_json(self) -> bool:
        """Whether it can be read."""
        self._parsed()
        return not self._broken

    def at(self, path: str) -> Any:
        """What stands at a JSONPath, the whole text for ""; None for nothing, and in what is no JSON."""
        if not path:
            return self._raw.decode("utf-8", "replace")
        document = self._parsed()
        try:
            return find(document, path)
        except NoPath:
            return _dotted(document, path)

    def _parsed(self) -> Any:
        if not self._read:
            self._read = True
            try:
                self._document = orjson.loads(self._raw)
            except orjson.JSONDecodeError:
                self._broken = True
        return self._document


def _dotted(document: Any, path: str) -> Any:
    """By plain names alone, which may be none of a JSONPath (`$.1st`)."""
    for name in path.removeprefix("$.").split("."):
        document = document.get(name) if isinstance(document, dict) else None
    return document


def of_body(name: str) -> str | None:
    """The path that a mapping's `body.a.b`, `body[0].c` or `body` ("") names, None for the names of other places."""
    rest = name.removeprefix("body")
    if rest == name or rest[:1] not in ("", ".", "["):
        return None
    rest = rest.removeprefix(".")
    if not rest or rest.startswith("$"):
        return rest
    return f"${rest}" if rest.startswith("[") else f"$.{rest}"


def _steps(document: Any, path: str) -> float:
    """About how many values a path looks at, no less. Counted by what the text has of each kind, not by its meaning."""
    steps = float(math.prod(1 + choice.count(",") for choice in _CHOICES.findall(path)))
    descents, roots = path.count(".."), max(path.count("$") - 1, 0)
    if steps > 1 or descents or roots:
        size, depth = _extent(document)
        steps *= size * depth ** max(descents - 1, 0) * size**roots if descents or roots else 1
    return steps


def _extent(document: Any) -> tuple[float, float]:
    """How many values there are, and how deep they stand."""
    size, depth, level = 0, 0, [document]
    while level:
        size, depth = size + len(level), depth + 1
        below: list[Any] = []
        for one in level:
            below += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        level = below
    return float(size), float(depth)
