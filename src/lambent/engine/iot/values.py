"""Values of AWS IoT SQL, and its operators.

Sources: https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-data-types.html, iot-sql-operators.html
"""

import json
import math
import operator
from collections.abc import Callable
from typing import Any

LONGEST = 1 << 20
"""Characters of a text that an expression makes: longer ones are Undefined."""


class _Undefined:
    """What is not there."""

    def __repr__(self) -> str:
        return "Undefined"


UNDEFINED: Any = _Undefined()


def is_number(value: Any) -> bool:
    """Int or Decimal."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def number(value: Any) -> Any:
    """A number of a number or of a text that is one, else Undefined."""
    if is_number(value):
        return value
    if not isinstance(value, str) or len(value) > 64:
        return UNDEFINED
    try:
        return int(value)
    except ValueError:
        pass
    try:
        found = float(value)
    except ValueError:
        return UNDEFINED
    return found if math.isfinite(found) else UNDEFINED


def text(value: Any) -> str:
    """As `cast(… AS String)` has it."""
    if isinstance(value, str):
        return value
    if value is UNDEFINED:
        return "Undefined"
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=text)


def short(value: str) -> Any:
    """A text, if it is not too long."""
    return value if len(value) <= LONGEST else UNDEFINED


def equal(left: Any, right: Any) -> Any:
    """`=`: what is of different kinds is not equal."""
    if left is UNDEFINED or right is UNDEFINED:
        return UNDEFINED
    if is_number(left) and is_number(right):
        return left == right
    return type(left) is type(right) and left == right


def unequal(left: Any, right: Any) -> Any:
    """`<>` and `!=`."""
    found = equal(left, right)
    return found if found is UNDEFINED else not found


def _compare(how: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    def compare(left: Any, right: Any) -> Any:
        if isinstance(left, str) and isinstance(right, str):
            return how(left, right)
        one, other = number(left), number(right)
        return UNDEFINED if one is UNDEFINED or other is UNDEFINED else how(one, other)

    return compare


def _calculate(how: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def calculate(left: Any, right: Any) -> Any:
        one, other = number(left), number(right)
        if one is UNDEFINED or other is UNDEFINED:
            return UNDEFINED
        try:
            return finite(how(one, other))
        except (ZeroDivisionError, OverflowError, ValueError):
            return UNDEFINED

    return calculate


def finite(value: Any) -> Any:
    """A number that JSON and everybody else can read, else Undefined."""
    if isinstance(value, complex) or (isinstance(value, float) and not math.isfinite(value)):
        return UNDEFINED
    return value if not isinstance(value, int) or abs(value) < 1 << 128 else UNDEFINED


def _divide(left: Any, right: Any) -> Any:
    whole = isinstance(left, int) and isinstance(right, int) and left % right == 0
    return left // right if whole else left / right


def add(left: Any, right: Any) -> Any:
    """`+`: a sum, or with a text two texts as one."""
    if left is UNDEFINED or right is UNDEFINED:
        return UNDEFINED
    if isinstance(left, str) or isinstance(right, str):
        return short(text(left) + text(right))
    return _calculate(operator.add)(left, right)


def remainder(left: Any, right: Any) -> Any:
    """With the sign of the left."""
    found = math.fmod(left, right)
    return int(found) if isinstance(left, int) and isinstance(right, int) else found


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": equal,
    "<>": unequal,
    "!=": unequal,
    "<": _compare(operator.lt),
    "<=": _compare(operator.le),
    ">": _compare(operator.gt),
    ">=": _compare(operator.ge),
    "+": add,
    "-": _calculate(operator.sub),
    "*": _calculate(operator.mul),
    "/": _calculate(_divide),
    "%": _calculate(remainder),
}


def truth(value: Any) -> Any:
    """True, False or Undefined: a text may say it."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.lower(), UNDEFINED) if isinstance(value, str) else UNDEFINED
