"""Texts that a message must hold, or a query does not take it: what does not hold them is not even decoded."""

import re
from collections.abc import Iterator

from lambent.engine.insights.fields import TYPES
from lambent.engine.insights.query import (
    Call,
    Display,
    Expression,
    FieldName,
    Fields,
    Filter,
    Limit,
    Literal,
    Query,
    Regex,
    Sort,
)
from lambent.engine.insights.values import number

PLAIN = re.compile(r"[\w :,=@-]{2,}", re.ASCII)
"""Texts that are written in JSON as they are, and mean themselves as a regular expression."""
OF_THE_MESSAGE = ("@message", "@requestId")
"""Fields that begin with @ and stand in the message as they are."""


def needles(query: Query) -> list[str]:
    """All of them have to be there."""
    found: list[str] = []
    for command in query:
        if isinstance(command, Filter):
            found += _needed(command.condition)
        elif not isinstance(command, Fields) or any(one.expression != FieldName(one.name) for one in command.columns):
            break
    return found


def newest(query: Query, limit: int) -> int | None:
    """How many of the newest events of each stream are all that a query can show; None when it has to see others."""
    most = [limit]
    for place, command in enumerate(query):
        if isinstance(command, Limit):
            most.append(command.count)
        elif isinstance(command, Sort):
            if place and any(isinstance(one, Limit | Sort) for one in query[:place]):
                return None
            if command.keys != ((FieldName("@timestamp"), True),):
                return None
        elif not isinstance(command, Fields | Display) or _names(command, "@timestamp"):
            return None
    return min(most[1:] or most)


def _names(command: Fields | Display, name: str) -> bool:
    """Whether it makes something else of a field."""
    return any(one.name == name and one.expression != FieldName(name) for one in command.columns)


def _needed(condition: Expression) -> Iterator[str]:
    if not isinstance(condition, Call):
        return
    if condition.name == "and":
        for one in condition.arguments:
            yield from _needed(one)
    elif condition.name in ("=", "like"):
        field, wanted = condition.arguments
        if condition.name == "=" and field == FieldName("@type") and isinstance(wanted, Literal):
            yield from (f"{kind} RequestId: " for kind in TYPES if kind == wanted.value)
        if isinstance(field, FieldName) and (not field.name.startswith("@") or field.name in OF_THE_MESSAGE):
            yield from _plain(wanted, condition.name)


def _plain(wanted: Expression, how: str) -> Iterator[str]:
    text = wanted.pattern if isinstance(wanted, Regex) else wanted.value if isinstance(wanted, Literal) else None
    if not isinstance(text, str) or not PLAIN.fullmatch(text):
        return
    if how == "like" or number(text) is None:
        yield text
