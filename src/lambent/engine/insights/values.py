"""Values of a query: read as numbers or texts, compared, shown."""

import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from lambent.engine.insights.query import MONTHS, UNITS, WEEK, Moment, Period, Value

MONDAY = 4 * 86_400_000
"""The first one of 1970, which began on a Thursday, in milliseconds: weeks begin on it."""
_NOTHING = (0, 0)
_NUMBERS = frozenset((int, float, type(None)))
_TEXTS = frozenset((str, type(None)))
DECIMALS = 4
"""Shown of a number."""


def number(value: Value) -> float | int | None:
    """The number that a value is or spells, or None."""
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def text(value: Value) -> str:
    """What is shown of a value that is not None."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, Moment):
        return _date(value)
    if isinstance(value, float):
        return _decimal(value)
    return str(value) if isinstance(value, int) else _json(value)


def texts(values: Sequence[Value]) -> Sequence[str | None]:
    """What is shown of each."""
    if set(map(type, values)) <= _TEXTS:
        return values
    return [value if type(value) is str else None if value is None else text(value) for value in values]


def _json(value: Any) -> str:
    """A list or an object; one that is nested deeper than is written as JSON has no text."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # a number of more than 64 bits is no reason
        pass
    try:
        return json.dumps(value, separators=(",", ":"))
    except RecursionError:
        return ""


def _decimal(value: float) -> str:
    if not math.isfinite(value):
        return str(value)
    return f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")


def _date(moment: Moment) -> str:
    try:
        return datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    except (ValueError, OverflowError, OSError):
        return _decimal(float(moment))


def truth(value: Value) -> bool:
    """Whether a condition of that value holds."""
    return value is not None and value not in (0, "", "0", "false")


def order(value: Value) -> tuple[int, Any]:
    """A key to sort by: nothing first, numbers, then texts."""
    if value is None:
        return _NOTHING
    found = number(value)
    return (2, text(value)) if found is None else (1, found)


def orders(values: Sequence[Value]) -> list[tuple[int, Any]]:
    """That of each."""
    if set(map(type, values)) <= _NUMBERS:
        return [_NOTHING if value is None else (1, value) for value in values]
    return list(map(order, values))


def same(left: Value, right: Value) -> bool:
    """As numbers if both are, else as texts. Nothing is the same as nothing that is missing."""
    if left is None or right is None:
        return False
    numbers = number(left), number(right)
    return numbers[0] == numbers[1] if None not in numbers else text(left) == text(right)


def before(left: Value, right: Value) -> bool:
    """Whether the left one is smaller; as numbers if both are."""
    if left is None or right is None:
        return False
    one, other = number(left), number(right)
    return one < other if one is not None and other is not None else text(left) < text(right)


def floored(moment: Value, period: Period) -> Moment | None:
    """The beginning of the period that a time is in (UTC; weeks begin on Mondays)."""
    at = number(moment)
    if at is None or not period.count:
        return None
    length = UNITS[period.unit]
    if length is not None:
        begin = MONDAY if length == WEEK else 0
        step = length * period.count
        return Moment((at - begin) // step * step + begin)
    return _months_floored(at, MONTHS[period.unit] * period.count)


def _months_floored(at: float, months: int) -> Moment | None:
    try:
        date = datetime.fromtimestamp(at / 1000, UTC)
        month = ((date.year - 1970) * 12 + date.month - 1) // months * months
        return Moment(datetime(1970 + month // 12, month % 12 + 1, 1, tzinfo=UTC).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        return None


def ceiled(moment: Value, period: Period) -> Moment | None:
    """The end of the period that a time is in."""
    floor = floored(moment, period)
    if floor is None:
        return None
    length = UNITS[period.unit]
    step = length * period.count if length is not None else 31 * 86_400_000 * MONTHS[period.unit] * period.count
    return floored(floor + step, period)
