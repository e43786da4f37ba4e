"""The JSON that messages are, or the first that is embedded in each, and what a query wants of it.

A message's JSON has many members, of which a query names a few: msgspec makes objects of those alone. Where it is not
installed all of them are made.
"""

import json
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from itertools import compress
from operator import attrgetter, not_
from typing import Annotated, Any, ClassVar

import orjson

from lambent.engine.insights.query import FieldName, Named, Parse, Query, Unnest, Value

msgspec: Any = import_module("msgspec") if find_spec("msgspec") else None
"""Not every machine has a wheel of it."""
NUMBER = (1 << 53) + 1
"""No floating-point number is it, so that it is written in one way only."""
LARGEST = (1 << 63) - 1
"""Of whole numbers with which all can be done."""
MARK = f",{NUMBER},"
Keys = frozenset[str]
NO_KEYS: Keys = frozenset()


def document(message: str) -> Any:
    """The JSON that a message is, or the first that is embedded in it; None without any."""
    start = message.find("{")
    return None if start < 0 else _decoded(message, start)


def keys_of(query: Query) -> Keys:
    """The members of a message's JSON that can be asked for: each name that a query says, and what is before its first
    point."""
    names = frozenset(_names(query))
    return names | {name.partition(".")[0] for name in names}


def _names(said: Any) -> list[str]:
    found = []
    if isinstance(said, FieldName | Named | Unnest):
        found.append(said.name)
    if isinstance(said, Parse):
        found += said.names
    inside = said if isinstance(said, tuple) else ()
    if is_dataclass(said):
        inside = tuple(getattr(said, one.name) for one in fields(said))
    return found + [name for one in inside for name in _names(one)]


class Whole:
    """All members of each document."""

    nothing: ClassVar[Any] = {}

    def one(self, message: str, start: int) -> Any:
        """What is embedded from a place on."""
        return _decoded(message, start) or self.nothing

    def many(self, text: str) -> list[Any]:
        """Documents of a list, and the numbers between them. Raises ValueError."""
        return list(orjson.loads(text))

    def column(self, documents: Sequence[Any], key: str) -> list[Value]:
        """The members of that name, None where there is none."""
        return [bounded(one.get(key)) for one in documents]


class Wanted:
    """Some members alone, as attributes."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._names = {key: f"m{place}" for place, key in enumerate(keys)}
        renamed = {name: key for key, name in self._names.items()}
        members = [(name, _member(), None) for name in renamed]
        made: Any = msgspec.defstruct("Document", members, rename=renamed, gc=False)
        self._one, self._many = msgspec.json.Decoder(made), msgspec.json.Decoder(list[made | int])
        self._keys, self._made = keys, made
        self.nothing = made()

    def one(self, message: str, start: int) -> Any:
        """What is embedded from a place on."""
        try:
            return self._one.decode(message[start:] if start else message)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            found = _decoded(message, start)
        return self._made(*(bounded(found.get(key)) for key in self._keys)) if found else self.nothing

    def many(self, text: str) -> list[Any]:
        """Documents of a list, and the numbers between them. Raises ValueError."""
        try:
            return list(self._many.decode(text))
        except (msgspec.MsgspecError, RecursionError) as error:
            raise ValueError from error

    def column(self, documents: Sequence[Any], key: str) -> list[Value]:
        """The members of that name, None where there is none."""
        return list(map(attrgetter(self._names[key]), documents))


def _member() -> Any:
    """Of a document: anything but whole numbers of more than 64 bits, of which `one` takes care."""
    bounds = msgspec.Meta(ge=-LARGEST, le=LARGEST)
    return Annotated[int, bounds] | float | bool | str | None | list[Any] | dict[str, Any]


Reader = Whole | Wanted
WHOLE = Whole()


@lru_cache(64)
def reader(keys: Keys) -> Reader:
    """What reads these members, and perhaps others."""
    if msgspec is None:
        return WHOLE
    try:
        return Wanted(sorted(keys))
    except ValueError:  # quotation marks in a name, or half a surrogate pair
        return WHOLE


def documents(messages: Sequence[str], read: Reader = WHOLE) -> list[Any]:
    """That of each, `nothing` where there is none."""
    starts = [message.find("{") for message in messages]
    whole = _at_once(list(compress(messages, map(not_, starts))), read)
    if len(whole) == len(messages):
        return whole
    those, nothing = iter(whole), read.nothing
    return [
        nothing if start < 0 else read.one(message, start) if start else next(those)
        for message, start in zip(messages, starts, strict=True)
    ]


def _at_once(messages: list[str], read: Reader) -> list[Any]:
    """The JSON of messages that begin with it: read together, unless one of them is no JSON or not that alone.

    Between them stands a number that none of them holds: what is read has it where it stood if and only if no message
    was taken for a part of another one.
    """
    together, between = f"[{MARK.join(messages)}]", len(messages) - 1
    if between < 1 or together.count(str(NUMBER)) > between:
        return [read.one(message, 0) for message in messages]
    try:
        found = read.many(together)
    except ValueError:
        found = []
    if len(found) == 2 * between + 1 and found[1::2].count(NUMBER) == between:
        return found[::2]
    return [read.one(message, 0) for message in messages]


def bounded(value: Any) -> Any:
    """The same; a whole number of more than 64 bits as a floating-point one, as a text if it is too large for that: no
    sum and no average of numbers fails."""
    if type(value) is not int or -LARGEST <= value <= LARGEST:
        return value
    try:
        return float(value)
    except OverflowError:
        return str(value)


_DECODER = json.JSONDecoder()


def _decoded(message: str, start: int) -> Any:
    try:
        return orjson.loads(message[start:] if start else message)
    except orjson.JSONDecodeError:
        return _embedded(message, start)


def _embedded(message: str, start: int) -> Any:
    try:
        return _DECODER.raw_decode(message, start)[0]
    except (ValueError, RecursionError):
        return None
