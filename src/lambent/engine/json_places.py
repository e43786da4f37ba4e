"""JSON with the place of every value, for errors that say where.

Errors are worded, and places counted, as Jackson does, which AWS's services in Java read JSON with: a place is how far
the text was read, and a string counts as read up to its opening quote until somebody looks into it.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DEEPEST = 100
"""Values within values. Of our own: what reads them recurs."""
SHOWN = 500
"""Characters of a text that an error quotes."""
_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WORD = re.compile(r"\w+")
_DECODER = json.JSONDecoder()
_ANY = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_LITERALS = {"true": True, "false": False, "null": None}


class Invalid(ValueError):
    """A text is not what it should be; the message names the place in `text`, of which `read` characters were read."""

    def __init__(self, reason: str, text: str, read: int) -> None:
        super().__init__(f"{reason}\n at {place(text, read)}")


@dataclass(frozen=True, slots=True)
class Node:
    """A value: `start` and `end` are its place in the text. `members` are those of an object, `items` of an array."""

    kind: str
    value: Any
    start: int
    end: int
    members: Mapping[str, "Node"]
    items: Sequence["Node"]

    @property
    def seen(self) -> int:
        """How far the text is read when the value is come upon."""
        return self.start + 1 if self.kind in ("string", "object", "array") else self.end


def place(text: str, read: int) -> str:
    """Where one is in a text of which `read` characters were read."""
    line = text.count("\n", 0, read) + 1
    column = read - (text.rfind("\n", 0, read) + 1) + 1
    quoted = f'"{text[:SHOWN]}"' + (f"[truncated {len(text) - SHOWN} chars]" if len(text) > SHOWN else "")
    return f"[Source: (String){quoted}; line: {line}, column: {column}]"


def read(text: str) -> Node:
    """The value that a text is. Raises Invalid."""
    node = _Reader(text).value(0, 0)
    end = _SPACE.match(text, node.end)
    if end is not None and end.end() < len(text):
        raise _unexpected(text, end.end(), "end of input")
    return node


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text

    def value(self, at: int, depth: int) -> Node:
        at = self._skip(at)
        if depth > DEEPEST:
            raise Invalid(f"Document nesting depth exceeds the maximum allowed ({DEEPEST})", self._text, at)
        char = self._text[at : at + 1]
        if char == "{":
            return self._object(at, depth)
        if char == "[":
            return self._array(at, depth)
        if char == '"':
            value, end = self._string(at)
            return Node("string", value, at, end, {}, ())
        return self._scalar(at)

    def _skip(self, at: int) -> int:
        found = _SPACE.match(self._text, at)
        assert found is not None
        if found.end() >= len(self._text):
            raise Invalid("Unexpected end-of-input", self._text, len(self._text))
        return found.end()

    def _string(self, at: int) -> tuple[str, int]:
        try:
            value, end = _DECODER.raw_decode(self._text, at)
        except json.JSONDecodeError as error:
            raise Invalid(f"Illegal string: {error.msg}", self._text, error.pos) from error
        return str(value), end

    def _scalar(self, at: int) -> Node:
        number = _NUMBER.match(self._text, at)
        if number is not None:
            return Node("number", json.loads(number[0]), at, number.end(), {}, ())
        word = _WORD.match(self._text, at)
        if word is None:
            raise _unexpected(self._text, at, f"a valid value {_ANY}")
        if word[0] not in _LITERALS:
            text = f"Unrecognized token '{word[0]}': was expecting {_ANY}"
            raise Invalid(text, self._text, word.end())
        return Node("literal", _LITERALS[word[0]], at, word.end(), {}, ())

    def _object(self, start: int, depth: int) -> Node:
        members: dict[str, Node] = {}
        at = self._skip(start + 1)
        while self._text[at] != "}":
            if members:
                at = self._skip(self._after(at, ",", "comma to separate Object entries"))
            if self._text[at] != '"':
                raise _unexpected(self._text, at, "double-quote to start field name")
            name, at = self._string(at)
            at = self._after(self._skip(at), ":", "a colon to separate field name and value")
            members[name] = self.value(at, depth + 1)
            at = self._skip(members[name].end)
        value = {name: one.value for name, one in members.items()}
        return Node("object", value, start, at + 1, members, ())

    def _array(self, start: int, depth: int) -> Node:
        items: list[Node] = []
        at = self._skip(start + 1)
        while self._text[at] != "]":
            if items:
                at = self._skip(self._after(at, ",", "comma to separate Array entries"))
            items.append(self.value(at, depth + 1))
            at = self._skip(items[-1].end)
        return Node("array", [one.value for one in items], start, at + 1, {}, items)

    def _after(self, at: int, sign: str, what: str) -> int:
        if self._text[at] != sign:
            raise _unexpected(self._text, at, what)
        return at + 1


def _unexpected(text: str, at: int, what: str) -> Invalid:
    char = text[at]
    return Invalid(f"Unexpected character ('{char}' (code {ord(char)})): was expecting {what}", text, at + 1)
