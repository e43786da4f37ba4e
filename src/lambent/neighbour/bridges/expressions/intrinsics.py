"""Intrinsic functions of the Amazon States Language: read once, evaluated with what paths find.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html, and of escapes
https://states-language.net/spec.html#appendix-b
"""

import base64
import binascii
import hashlib
import itertools
import json
import random
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lambent.neighbour.bridges.expressions.functions import DIGESTS
from lambent.neighbour.bridges.results import to_json_str

OPEN, CLOSE = "\ue000", "\ue001"
"""Braces of a text that hold no place for a value."""
MOST = 1000
"""Numbers of a range."""
LONGEST = 10_000
"""Characters that are encoded, decoded or hashed."""
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_NAME = re.compile(r"States\.(\w+)\s*\(")
_WORDS = {"true": True, "false": False, "null": None}

Find = Callable[[str], Any]
"""What a path (`$.a`, `$$.b`, `$variable.c`) finds."""
Expression = Callable[[Find], Any]


class NotRead(ValueError):
    """Says why a text is no call of a function."""


class Failed(ValueError):
    """Says why a function has no value."""


def read(text: str) -> Expression:
    """A call, to be evaluated. Raises NotRead."""
    reader = _Reader(text)
    found = reader.call()
    reader.space()
    if reader.place != len(text):
        raise NotRead(f"there is more after it: {text[reader.place :]}")
    return found


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.place = text, 0

    def space(self) -> None:
        while self.text[self.place : self.place + 1].isspace():
            self.place += 1

    def call(self) -> Expression:
        self.space()
        found = _NAME.match(self.text, self.place)
        if found is None or found[1] not in FUNCTIONS:
            raise NotRead(f"no function is called at {self.text[self.place :]}")
        self.place = found.end()
        function, arguments = FUNCTIONS[found[1]], self._arguments()
        return lambda find: _applied(function, [one(find) for one in arguments])

    def _arguments(self) -> list[Expression]:
        found: list[Expression] = []
        self.space()
        while not self._take(")"):
            if found and not self._take(","):
                raise NotRead(f"a comma is missing at {self.text[self.place :]}")
            found.append(self._argument())
            self.space()
        return found

    def _take(self, char: str) -> bool:
        if not self.text.startswith(char, self.place):
            return False
        self.place += 1
        return True

    def _argument(self) -> Expression:
        self.space()
        if self._take("'"):
            text = self._string()
            return lambda _find: text
        if self.text.startswith("$", self.place):
            path = self._path()
            return lambda find: find(path)
        number = _NUMBER.match(self.text, self.place)
        if number is not None:
            self.place = number.end()
            value = json.loads(number[0])
            return lambda _find: value
        for word, constant in _WORDS.items():
            if self.text.startswith(word, self.place):
                self.place += len(word)
                return lambda _find, constant=constant: constant  # type: ignore[misc]
        return self.call()

    def _string(self) -> str:
        found: list[str] = []
        while not self._take("'"):
            char = self.text[self.place : self.place + 1]
            self.place += 1
            if char == "\\":
                char = self.text[self.place : self.place + 1]
                self.place += 1
                char = {"{": OPEN, "}": CLOSE}.get(char, char)
            if not char:
                raise NotRead("a text does not end")
            found.append(char)
        return "".join(found)

    def _path(self) -> str:
        start, depth, quote = self.place, 0, ""
        while self.place < len(self.text):
            char = self.text[self.place]
            if quote:
                quote = "" if char == quote else quote
            elif char in "'\"" and depth:
                quote = char
            elif char in "([":
                depth += 1
            elif char in ")]" and depth:
                depth -= 1
            elif char in ",)" and not depth:
                break
            self.place += 1
        return self.text[start : self.place].strip()


def _applied(function: Callable[..., Any], given: list[Any]) -> Any:
    """Raises Failed."""
    if function is not _format:
        given = [_plain(one) for one in given]
    try:
        return function(*given)
    except (TypeError, ValueError, KeyError, IndexError, OverflowError, binascii.Error) as error:
        raise error if isinstance(error, Failed) else Failed(str(error)) from error


def _plain(value: Any) -> Any:
    return value.replace(OPEN, "{").replace(CLOSE, "}") if isinstance(value, str) else value


def _checked(kind: type | tuple[type, ...], *values: Any) -> None:
    for one in values:
        if not isinstance(one, kind) or (isinstance(one, bool) and kind is not bool):
            raise Failed(f"an argument is of another type: {to_json_str(one)}")


def _format(template: Any, *values: Any) -> str:
    _checked(str, template)
    parts = template.split("{}")
    if len(parts) != len(values) + 1:
        raise Failed("the number of arguments is not that of the occurrences of {} in the template")
    shown = [*(_shown(_plain(one)) for one in values), ""]
    return "".join(itertools.chain.from_iterable((_plain(a), b) for a, b in zip(parts, shown, strict=True)))


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}={_shown(one)}' for name, one in value.items())}}}"
    return to_json_str(value)


def _partition(array: Any, size: Any) -> list[Any]:
    _checked(list, array)
    count = _whole(size)
    if count < 1:
        raise Failed("the size of a part has to be positive")
    return [array[at : at + count] for at in range(0, len(array), count)]


def _whole(number: Any) -> int:
    _checked((int, float), number)
    whole: int = round(number)
    return whole


def _range(first: Any, last: Any, step: Any) -> list[int]:
    start, end, by = _whole(first), _whole(last), _whole(step)
    if by == 0:
        raise Failed("the step of a range can't be 0")
    found = range(start, end + (1 if by > 0 else -1), by)
    if found[MOST:]:  # its length may be no integer of the machine's
        raise Failed(f"a range has {MOST} numbers at most")
    return list(found)


def _item(array: Any, index: Any) -> Any:
    _checked(list, array)
    place = _whole(index)
    if not 0 <= place < len(array):
        raise Failed(f"there is no item {place} in an array of {len(array)}")
    return array[place]


def _contains(array: Any, value: Any) -> bool:
    _checked(list, array)
    return any(_is_same(one, value) for one in array)


def _is_same(one: Any, other: Any) -> bool:
    return isinstance(one, bool) is isinstance(other, bool) and one == other


def _length(array: Any) -> int:
    _checked(list, array)
    return len(array)


def _unique(array: Any) -> list[Any]:
    _checked(list, array)
    found: list[Any] = []
    for one in array:
        if not any(_is_same(one, other) for other in found):
            found.append(one)
    return found


def _short(text: Any) -> str:
    _checked(str, text)
    if len(text) > LONGEST:
        raise Failed(f"a text has {LONGEST} characters at most")
    return str(text)


def _encoded(text: Any) -> str:
    return base64.b64encode(_short(text).encode()).decode()


def _decoded(text: Any) -> str:
    return base64.b64decode(_short(text), validate=True).decode()


def _hash(data: Any, algorithm: Any) -> str:
    if algorithm not in DIGESTS:
        raise Failed(f"the algorithm is one of {', '.join(DIGESTS)}")
    text = _short(data if isinstance(data, str) else to_json_str(data))
    return hashlib.new(DIGESTS[algorithm], text.encode(), usedforsecurity=False).hexdigest()


def _merge(one: Any, other: Any, deep: Any) -> dict[str, Any]:
    _checked(dict, one, other)
    if deep is not False:
        raise Failed("only the shallow merging mode is supported: the last argument has to be false")
    return {**one, **other}


def _written(value: Any) -> str:
    return to_json_str(value)


def _parsed(text: Any) -> Any:
    _checked(str, text)
    return json.loads(text)


def _random(start: Any, end: Any, seed: Any = None) -> int:
    first, last = _whole(start), _whole(end)
    chosen = random.Random(None if seed is None else _whole(seed))  # noqa: S311 (as the user asks)
    return chosen.randrange(first, last)


def _split(text: Any, separators: Any) -> list[str]:
    _checked(str, text, separators)
    pieces: Iterable[str] = [text]
    for one in separators:
        pieces = [part for piece in pieces for part in piece.split(one)]
    return [one for one in pieces if one]


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "Array": lambda *values: list(values),
    "ArrayContains": _contains,
    "ArrayGetItem": _item,
    "ArrayLength": _length,
    "ArrayPartition": _partition,
    "ArrayRange": _range,
    "ArrayUnique": _unique,
    "Base64Decode": _decoded,
    "Base64Encode": _encoded,
    "Format": _format,
    "Hash": _hash,
    "JsonMerge": _merge,
    "JsonToString": _written,
    "MathAdd": lambda one, other: _whole(one) + _whole(other),
    "MathRandom": _random,
    "StringSplit": _split,
    "StringToJson": _parsed,
    "UUID": lambda: str(uuid.uuid4()),
}
"""By name without `States.`."""
