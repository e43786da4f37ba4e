"""Functions of one row, by name: what a query may call outside `stats`.

Each takes values (None for what is missing) and answers one. The lengths of time of datefloor, dateceil and bin, and
patterns, come as they were read.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html
"""

import ipaddress
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from lambent import patterns
from lambent.engine.insights.query import Choice, Moment, Regex, Value
from lambent.engine.insights.values import before, ceiled, floored, number, same, text, truth

MANY = 1_000
LARGEST = 1e300
"""No number is raised above it."""
LONGEST = 1 << 20
"""Characters of a text that is made of others: as many as an event has bytes."""


class TextTooLong(Exception):
    """A query would make a text of more than `LONGEST` characters."""


@dataclass(frozen=True, slots=True)
class Function:
    """What is called with the values of its arguments, and how many there are at least and at most. With `period` the
    last one is a length of time."""

    run: Callable[..., Value]
    arguments: tuple[int, int]
    period: bool = False


def _numeric(run: Callable[..., float]) -> Callable[..., Value]:
    """Of numbers: nothing if one of them is none, or if there is no result."""

    def called(*values: Value) -> Value:
        if None in values:
            return None
        numbers = [number(value) for value in values]
        if None in numbers:
            return None
        try:
            return run(*numbers)
        except (ValueError, ZeroDivisionError, OverflowError):
            return None

    return called


def _power(base: float, exponent: float) -> float:
    found = math.pow(base, exponent)
    return found if abs(found) < LARGEST else math.inf


def _textual(run: Callable[..., Value]) -> Callable[..., Value]:
    """Of texts: nothing if the first of them is missing."""

    def called(*values: Value) -> Value:
        return None if values[0] is None else run(*("" if value is None else text(value) for value in values))

    return called


def _joined(*values: Value) -> str:
    texts = [text(one) for one in values if one is not None]
    _check_length(sum(map(len, texts)))
    return "".join(texts)


def _replaced(value: str, old: str, new: str) -> str:
    if not old:
        return value
    _check_length(len(value) + value.count(old) * (len(new) - len(old)))
    return value.replace(old, new)


def _check_length(count: int) -> None:
    if count > LONGEST:
        raise TextTooLong(f"the query makes a text of more than {LONGEST} characters")


def _like(value: Value, pattern: Value) -> bool:
    if value is None:
        return False
    if not isinstance(pattern, Regex):
        return text(pattern) in text(value)
    try:
        return patterns.search(pattern.pattern, text(value))
    except patterns.Unmatchable:
        return False


def _among(value: Value, choice: Choice) -> bool:
    return any(same(value, one) for one in choice.values)


def _part(value: Value, start: Value, length: Value = None) -> Value:
    at, many = number(start), number(length)
    if value is None or at is None or not all(math.isfinite(one) for one in (at, many or 0)):
        return None
    end = None if many is None else int(at) + max(int(many), 0)
    return text(value)[max(int(at), 0) : end]


def _picked(choose: Callable[..., Any]) -> Callable[..., Value]:
    def called(*values: Value) -> Value:
        numbers = [one for one in map(number, values) if one is not None]
        return choose(numbers) if numbers else None

    return called


def _first(*values: Value) -> Value:
    return next((value for value in values if value is not None), None)


def _parsed(value: Value) -> Value:
    try:
        return orjson.loads(text(value)) if value is not None else None
    except orjson.JSONDecodeError:
        return None


def _stringified(value: Value) -> Value:
    if value is None:
        return None
    try:
        return orjson.dumps(value, default=text).decode()
    except TypeError:  # a number of more than 64 bits
        return text(value)


def _moment(value: Value) -> Value:
    found = number(value)
    return None if found is None else Moment(found)


def _address(version: int) -> Callable[[Value], bool]:
    def called(value: Value) -> bool:
        try:
            found = ipaddress.ip_address(text(value) if value is not None else "")
        except ValueError:
            return False
        return version in (0, found.version)

    return called


def _subnet(version: int) -> Callable[[Value, Value], bool]:
    def called(value: Value, subnet: Value) -> bool:
        try:
            network = ipaddress.ip_network(text(subnet), strict=False)
            return version in (0, network.version) and ipaddress.ip_address(text(value)) in network
        except ValueError:
            return False

    return called


def _blank(value: Value) -> bool:
    return value is None or not text(value).strip()


OPERATORS: dict[str, Callable[..., Value]] = {
    "not": lambda value: not truth(value),
    "=": same,
    "!=": lambda left, right: None not in (left, right) and not same(left, right),
    "<": before,
    ">": lambda left, right: before(right, left),
    "<=": lambda left, right: before(left, right) or same(left, right),
    ">=": lambda left, right: before(right, left) or same(left, right),
    "like": _like,
    "in": _among,
    "+": _numeric(operator.add),
    "-": _numeric(operator.sub),
    "*": _numeric(operator.mul),
    "/": _numeric(operator.truediv),
    "%": _numeric(math.fmod),
    "^": _numeric(_power),
}
"""By their signs; `and` and `or`, which need not look at all their parts, are `running`'s."""
FUNCTIONS: dict[str, Function] = {
    "abs": Function(_numeric(abs), (1, 1)),
    "ceil": Function(_numeric(math.ceil), (1, 1)),
    "floor": Function(_numeric(math.floor), (1, 1)),
    "greatest": Function(_picked(max), (1, MANY)),
    "least": Function(_picked(min), (1, MANY)),
    "log": Function(_numeric(math.log), (1, 1)),
    "sqrt": Function(_numeric(math.sqrt), (1, 1)),
    "datefloor": Function(floored, (2, 2), period=True),
    "dateceil": Function(ceiled, (2, 2), period=True),
    "bin": Function(floored, (1, 1), period=True),
    "frommillis": Function(_moment, (1, 1)),
    "tomillis": Function(_numeric(int), (1, 1)),
    "ispresent": Function(lambda value: value is not None, (1, 1)),
    "coalesce": Function(_first, (1, MANY)),
    "jsonparse": Function(_parsed, (1, 1)),
    "jsonstringify": Function(_stringified, (1, 1)),
    "isvalidip": Function(_address(0), (1, 1)),
    "isvalidipv4": Function(_address(4), (1, 1)),
    "isvalidipv6": Function(_address(6), (1, 1)),
    "isipinsubnet": Function(_subnet(0), (2, 2)),
    "isipv4insubnet": Function(_subnet(4), (2, 2)),
    "isipv6insubnet": Function(_subnet(6), (2, 2)),
    "isempty": Function(lambda value: value is None or text(value) == "", (1, 1)),
    "isblank": Function(_blank, (1, 1)),
    "concat": Function(_joined, (1, MANY)),
    "ltrim": Function(_textual(lambda value, chars=None: value.lstrip(chars)), (1, 2)),
    "rtrim": Function(_textual(lambda value, chars=None: value.rstrip(chars)), (1, 2)),
    "trim": Function(_textual(lambda value, chars=None: value.strip(chars)), (1, 2)),
    "strlen": Function(_textual(len), (1, 1)),
    "toupper": Function(_textual(str.upper), (1, 1)),
    "tolower": Function(_textual(str.lower), (1, 1)),
    "substr": Function(_part, (2, 3)),
    "replace": Function(_textual(_replaced), (3, 3)),
    "strcontains": Function(_textual(lambda value, part: int(part in value)), (2, 2)),
}
"""Names are in small letters: AWS's language does not tell capitals from small ones in them."""
