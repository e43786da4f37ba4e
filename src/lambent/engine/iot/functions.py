"""Functions of AWS IoT SQL.

Source: https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-functions.html
"""

import base64
import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from lambent import patterns
from lambent.engine.iot.values import LONGEST, UNDEFINED, finite, is_number, number, remainder, short, text, truth


@dataclass(frozen=True, slots=True)
class Message:
    """What arrived: `value` is the document (of JSON), the bytes where it is none. `now` is in seconds since 1970."""

    topic: str
    value: Any
    now: float
    account: str
    new_id: Callable[[], str]
    client: str = "n/a"
    """https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-functions.html#iot-function-clientid: by HTTP."""


class Function(NamedTuple):
    """How many arguments it takes, and what it makes of them; `lax` ones are given Undefined as well."""

    least: int
    most: int
    call: Callable[..., Any]
    lax: bool = False


def _topic(message: Message, place: Any = None) -> Any:
    if place is None:
        return message.topic
    levels = message.topic.split("/")
    return levels[place - 1] if isinstance(place, int) and 0 < place <= len(levels) else UNDEFINED


def _of_numbers(call: Callable[..., Any]) -> Callable[..., Any]:
    def made(_message: Message, *given: Any) -> Any:
        numbers = [number(one) for one in given]
        if any(one is UNDEFINED for one in numbers):
            return UNDEFINED
        try:
            return finite(call(*numbers))
        except (ValueError, OverflowError, ZeroDivisionError):
            return UNDEFINED

    return made


def _of_texts(call: Callable[..., Any]) -> Callable[..., Any]:
    def made(_message: Message, *given: Any) -> Any:
        if any(isinstance(one, dict | list | bytes) for one in given[:1]):
            return UNDEFINED
        found = call(*[text(one) for one in given])
        return short(found) if isinstance(found, str) else found

    return made


def _power(base: Any, exponent: Any) -> Any:
    return float(base) ** float(exponent)


def _rounded(value: Any) -> int:
    found: int = math.floor(value + 0.5)
    return found


def _trunc(value: Any, places: Any = 0) -> Any:
    scale = 10 ** max(0, min(int(places), 34))
    return math.trunc(value * scale) / scale if places else math.trunc(value)


def _substring(_message: Message, value: Any, start: Any, end: Any = None) -> Any:
    whole = text(value)
    if not isinstance(start, int) or not isinstance(end, int | None):
        return UNDEFINED
    return whole[max(start, 0) :] if end is None else whole[max(start, 0) : max(end, 0)]


def _replace(value: str, old: str, new: str) -> Any:
    if value.count(old) * len(new) > LONGEST:
        return UNDEFINED
    return value.replace(old, new)


def _regexp(call: Callable[..., Any]) -> Callable[..., Any]:
    def made(_message: Message, value: Any, pattern: Any, *more: Any) -> Any:
        whole, grown = text(value), sum(len(text(one)) for one in more)
        if not isinstance(pattern, str) or (len(whole) + 1) * grown > LONGEST:
            return UNDEFINED
        try:
            return call(whole, pattern, *[text(one) for one in more])
        except patterns.Unmatchable:
            return UNDEFINED

    return made


def _encode(message: Message, value: Any, scheme: Any) -> Any:
    raw = value if isinstance(value, bytes) else text(value).encode()
    return short(base64.b64encode(raw).decode()) if scheme == "base64" else UNDEFINED


def _decode(message: Message, value: Any, scheme: Any) -> Any:
    if scheme != "base64" or not isinstance(value, str):
        return UNDEFINED
    try:
        return base64.b64decode(value, validate=True).decode()
    except ValueError:
        return UNDEFINED


def _get(_message: Message, value: Any, key: Any) -> Any:
    return member(value, key)


def member(value: Any, key: Any) -> Any:
    """What a document or a list has there, a text's letter."""
    if isinstance(value, dict) and isinstance(key, str):
        return value.get(key, UNDEFINED)
    if isinstance(value, list | str) and isinstance(key, int) and not isinstance(key, bool) and 0 <= key < len(value):
        return value[key]
    return UNDEFINED


def _digest(name: str) -> Callable[..., Any]:
    return _of_texts(lambda value: hashlib.new(name, value.encode(), usedforsecurity=False).hexdigest())


def _length(value: str) -> int:
    return len(value)


FUNCTIONS: dict[str, Function] = {
    "accountid": Function(0, 0, lambda message: message.account),
    "clientid": Function(0, 0, lambda message: message.client),
    "newuuid": Function(0, 0, lambda message: message.new_id()),
    "timestamp": Function(0, 0, lambda message: int(message.now * 1000)),
    "topic": Function(0, 1, _topic),
    "abs": Function(1, 1, _of_numbers(abs)),
    "ceil": Function(1, 1, _of_numbers(math.ceil)),
    "exp": Function(1, 1, _of_numbers(math.exp)),
    "floor": Function(1, 1, _of_numbers(math.floor)),
    "ln": Function(1, 1, _of_numbers(math.log)),
    "log": Function(1, 1, _of_numbers(math.log10)),
    "mod": Function(2, 2, _of_numbers(remainder)),
    "power": Function(2, 2, _of_numbers(_power)),
    "remainder": Function(2, 2, _of_numbers(remainder)),
    "round": Function(1, 1, _of_numbers(_rounded)),
    "sign": Function(1, 1, _of_numbers(lambda value: (value > 0) - (value < 0))),
    "sqrt": Function(1, 1, _of_numbers(math.sqrt)),
    "trunc": Function(1, 2, _of_numbers(_trunc)),
    "concat": Function(1, 64, lambda _message, *given: short("".join(text(one) for one in given))),
    "endswith": Function(2, 2, _of_texts(str.endswith)),
    "indexof": Function(2, 2, _of_texts(str.find)),
    "length": Function(1, 1, _of_texts(_length)),
    "lower": Function(1, 1, _of_texts(str.lower)),
    "ltrim": Function(1, 1, _of_texts(str.lstrip)),
    "numbytes": Function(1, 1, _of_texts(lambda value: len(value.encode()))),
    "replace": Function(3, 3, _of_texts(_replace)),
    "rtrim": Function(1, 1, _of_texts(str.rstrip)),
    "startswith": Function(2, 2, _of_texts(str.startswith)),
    "substring": Function(2, 3, _substring),
    "trim": Function(1, 1, _of_texts(str.strip)),
    "upper": Function(1, 1, _of_texts(str.upper)),
    "regexp_matches": Function(2, 2, _regexp(lambda value, pattern: patterns.search(pattern, value))),
    "regexp_replace": Function(3, 3, _regexp(lambda value, pattern, new: patterns.replace(pattern, new, value))),
    "decode": Function(2, 2, _decode),
    "encode": Function(2, 2, _encode),
    "get": Function(2, 2, _get),
    "md5": Function(1, 1, _digest("md5")),
    "sha1": Function(1, 1, _digest("sha1")),
    "sha256": Function(1, 1, _digest("sha256")),
    "sha512": Function(1, 1, _digest("sha512")),
    "isnull": Function(1, 1, lambda _message, value: value is None, lax=True),
    "isundefined": Function(1, 1, lambda _message, value: value is UNDEFINED, lax=True),
    "nanvl": Function(2, 2, lambda _message, value, other: value if is_number(value) else other, lax=True),
}
"""By name in lower case; those that are missing are refused by name."""


def cast(value: Any, kind: str) -> Any:
    """`cast(… AS …)`."""
    match kind:
        case "string":
            return UNDEFINED if value is UNDEFINED else text(value)
        case "boolean" | "bool":
            return truth(value)
        case "decimal":
            return number(int(value) if isinstance(value, bool) else value)
        case "int" | "integer":
            found = number(int(value) if isinstance(value, bool) else value)
            return found if found is UNDEFINED else _rounded(found)
        case _:
            return UNDEFINED
