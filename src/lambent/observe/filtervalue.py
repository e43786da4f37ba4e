"""What all kinds of filter patterns share: their tokens, conditions joined by && and ||, and comparisons."""

import operator
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from lambent.observe.filterregex import PatternError, Regex

Test = Callable[[Any], bool]
Token = tuple[str, str]
"""Its kind, a group's name of the pattern that found it, and its text."""

ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
END = ("end", "")
DEPTH = 20
REGEXES = 2
"""Regular expressions in one JSON or space-delimited pattern (AWS's quota)."""
REGEX = r"%(?P<regex>(?:[^%\\]|\\.)*)%"
TEXT = r'"(?P<text>(?:[^"\\]|\\.)*)"'


def tokens(text: str, token: re.Pattern[str]) -> list[Token]:
    """`text` as what `token` finds in it, one after the other. Raises PatternError."""
    found: list[Token] = []
    position = 0
    while position < len(text):
        one = token.match(text, position)
        if one is None or one.lastgroup is None:
            raise PatternError(f"Invalid filter pattern near '{text[position : position + 40]}'")
        found.append((one.lastgroup, one[one.lastgroup]))
        position = one.end()
    if sum(kind == "regex" for kind, _ in found) > REGEXES:
        raise PatternError(f"Invalid filter pattern: more than {REGEXES} regular expressions")
    return found


class Conditions(ABC):
    """Recursive descent over tokens: or, and, parentheses, one comparison."""

    def __init__(self, given: list[Token]) -> None:
        self._tokens = given
        self._at = 0
        self._depth = 0

    @abstractmethod
    def comparison(self) -> Test:
        """The next comparison."""

    def either(self) -> Test:
        """Conditions joined by ||."""
        tests = [self._both()]
        while self.peek() == ("punctuation", "||"):
            self.next()
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self.peek() == ("punctuation", "&&"):
            self.next()
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda value: all(test(value) for test in tests)

    def _one(self) -> Test:
        if self.peek() != ("punctuation", "("):
            return self.comparison()
        self._depth += 1
        if self._depth > DEPTH:
            raise PatternError("Invalid filter pattern: too deeply nested")
        self.next()
        test = self.either()
        self.expect(")")
        self._depth -= 1
        return test

    def peek(self) -> Token:
        """The next token, END behind the last."""
        return self._tokens[self._at] if self._at < len(self._tokens) else END

    def next(self) -> Token:
        """The next token, which is then taken."""
        token = self.peek()
        self._at += 1
        return token

    def expect(self, punctuation: str) -> None:
        """Take a token that has to be there."""
        token = self.next()
        if token != ("punctuation", punctuation):
            raise PatternError(f"Invalid filter pattern: '{punctuation}' is needed, not '{token[1]}'")

    def operand(self) -> Test:
        """A sign and what stands behind it, as a test of one value: a number or a text."""
        _, sign = self.next()
        kind, text = self.next()
        if kind not in ("text", "word", "regex"):
            raise PatternError(f"Invalid filter pattern: a value is needed, not '{text}'")
        if sign in ORDER:
            return _ordered(sign, number(text) if kind == "word" else None, text)
        if sign not in ("=", "!="):
            raise PatternError(f"Invalid filter pattern: a comparison is needed, not '{sign}'")
        equal = _matching(text) if kind == "regex" else _equal(kind, text)
        return equal if sign == "=" else lambda value: not equal(value)


def _ordered(sign: str, limit: float | None, text: str) -> Test:
    if limit is None:
        raise PatternError(f"Invalid character(s) in term '{text}'")
    order = ORDER[sign]
    return lambda value: is_number(value) and bool(order(value, limit))


def _matching(text: str) -> Test:
    regex = Regex(text)
    return lambda value: isinstance(value, str) and regex.search(value)


def _equal(kind: str, operand: str) -> Test:
    """Texts and numbers, with * as wildcard."""
    wanted = number(operand) if kind == "word" else None
    text = unescaped(operand) if kind == "text" else operand
    parts = text.split("*")

    def equal(value: Any) -> bool:
        if is_number(value):
            return bool(value == wanted) or (kind == "word" and len(parts) > 1 and like(str(value), parts))
        return isinstance(value, str) and like(value, parts)

    return equal


def like(text: str, parts: list[str]) -> bool:
    """Whether `text` is `parts` with anything between them; never slower than one pass."""
    if len(parts) == 1:
        return text == parts[0]
    first, *between, last = parts
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for part in between:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def unescaped(text: str) -> str:
    """What a text in quotation marks says."""
    return re.sub(r"\\(.)", r"\1", text)


def number(text: str) -> float | None:
    """The number that `text` is, None if it is none."""
    return float(text) if re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", text) else None


def is_number(value: Any) -> bool:
    """As JSON knows them."""
    return isinstance(value, int | float) and not isinstance(value, bool)
