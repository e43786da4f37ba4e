"""CloudWatch's filter patterns, as predicates of a message.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html: terms and phrases with `-` and
`?`, and JSON patterns with comparisons, wildcards, IS, NOT EXISTS, &&, || and parentheses. Regular expressions
(`%…%`) and space-delimited patterns (`[a, b]`) are refused.
"""

import operator
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson

Match = Callable[[str], bool]
Test = Callable[[Any], bool]


class PatternError(ValueError):
    """The pattern is wrong, or of a kind that is not supported; the text says which."""


def compile_pattern(pattern: str) -> Match:
    """A predicate of a message. Raises PatternError."""
    text = pattern.strip()
    if not text:
        return lambda _message: True
    if text.startswith("["):
        raise PatternError("Lambent does not support space-delimited filter patterns ([field, ...]) yet.")
    if text.startswith("{"):
        return _json_pattern(text)
    return _terms(text)


# --- terms

TERM = re.compile(r'\s*(?P<sign>[-?]?)(?:"(?P<phrase>(?:[^"\\]|\\.)*)"|(?P<word>[^\s"]+))(?=\s|$)')
BARE = re.compile(r"[\w.:/@#=*+$'-]+")


def _terms(text: str) -> Match:
    required: list[str] = []
    excluded: list[str] = []
    optional: list[str] = []
    kinds = {"": required, "-": excluded, "?": optional}
    position = 0
    while position < len(text):
        found = TERM.match(text, position)
        if found is None:
            raise PatternError(f"Invalid filter pattern near '{text[position : position + 40]}'")
        kinds[found["sign"]].append(_term(found))
        position = found.end()
    if required or excluded:
        optional = []  # AWS ignores ?terms that stand beside others
    return partial(_has_terms, required, excluded, optional)


def _term(found: re.Match[str]) -> str:
    if found["phrase"] is not None:
        return re.sub(r"\\(.)", r"\1", found["phrase"])
    word = found["word"]
    if word.startswith("%"):
        raise PatternError("Lambent does not support regular expressions (%...%) in filter patterns yet.")
    if not BARE.fullmatch(word):
        raise PatternError(f"Invalid character(s) in term '{word}'")
    return word


def _has_terms(required: list[str], excluded: list[str], optional: list[str], message: str) -> bool:
    return (
        all(term in message for term in required)
        and not any(term in message for term in excluded)
        and (not optional or any(term in message for term in optional))
    )


# --- JSON

TOKEN = re.compile(
    r"\s*(?:(?P<punctuation>&&|\|\||[(){}]|!=|<=|>=|=|<|>)"
    r"|(?P<selector>\$(?:\.?\[\s*(?:'[^']*'|\"[^\"]*\"|\d+|\*)\s*\]|\.[\w@-]+)+)"
    r'|"(?P<text>(?:[^"\\]|\\.)*)"'
    r"|(?P<word>[^\s(){}&|=<>!\"]+))"
)
STEP = re.compile(r"\.?\[\s*(?:'([^']*)'|\"([^\"]*)\"|(\d+|\*))\s*\]|\.([\w@-]+)")
ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
IS = {"NULL": None, "TRUE": True, "FALSE": False}
MISSING = object()
END = ("end", "")
DEPTH = 20


def _json_pattern(text: str) -> Match:
    test = _JsonParser(_tokens(text)).whole()

    def matches(message: str) -> bool:
        try:
            value = orjson.loads(message)
        except orjson.JSONDecodeError:
            return False
        return test(value)

    return matches


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position = 0
    while position < len(text):
        found = TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            raise PatternError(f"Invalid filter pattern near '{text[position : position + 40]}'")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        position = found.end()
    return tokens


class _JsonParser:
    """Recursive descent: or, and, comparison."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def whole(self) -> Test:
        self._expect("{")
        test = self._either()
        self._expect("}")
        if self._peek() != END:
            raise PatternError("Invalid filter pattern: text after the closing brace")
        return test

    def _either(self) -> Test:
        tests = [self._both()]
        while self._peek() == ("punctuation", "||"):
            self._next()
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._peek() == ("punctuation", "&&"):
            self._next()
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda value: all(test(value) for test in tests)

    def _one(self) -> Test:
        if self._peek() != ("punctuation", "("):
            return self._comparison()
        self._depth += 1
        if self._depth > DEPTH:
            raise PatternError("Invalid filter pattern: too deeply nested")
        self._next()
        test = self._either()
        self._expect(")")
        self._depth -= 1
        return test

    def _comparison(self) -> Test:
        kind, text = self._next()
        if kind != "selector":
            raise PatternError(f"Invalid filter pattern: a property selector is needed, not '{text}'")
        steps = _steps(text)
        kind, sign = self._next()
        if kind == "word":
            return self._words(steps, sign.upper())
        kind, operand = self._next()
        if kind not in ("text", "word"):
            raise PatternError(f"Invalid filter pattern: a value is needed, not '{operand}'")
        return partial(_compare, steps, _comparator(sign, kind, operand))

    def _words(self, steps: list[str | int], word: str) -> Test:
        second = self._next()[1].upper()
        if (word, second) == ("NOT", "EXISTS"):
            return lambda value: _select(value, steps) is MISSING
        if word == "IS" and second in IS:
            wanted = IS[second]
            return lambda value: _select(value, steps) is wanted
        raise PatternError(f"Invalid filter pattern near '{word} {second}'")

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else END

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self._at += 1
        return token

    def _expect(self, punctuation: str) -> None:
        token = self._next()
        if token != ("punctuation", punctuation):
            raise PatternError(f"Invalid filter pattern: '{punctuation}' is needed, not '{token[1]}'")


def _steps(selector: str) -> list[str | int]:
    steps: list[str | int] = []
    for single, double, index, name in STEP.findall(selector):
        if index == "*":
            raise PatternError("Lambent does not support [*] in filter patterns yet.")
        steps.append(int(index) if index else single or double or name)
    return steps


def _select(value: Any, steps: list[str | int]) -> Any:
    for step in steps:
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return MISSING
            value = value[step]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return MISSING
    return value


def _compare(steps: list[str | int], compare: Test, value: Any) -> bool:
    found = _select(value, steps)
    return found is not MISSING and compare(found)


def _comparator(sign: str, kind: str, operand: str) -> Test:
    """`=` and `!=` compare text (with * as wildcard) or numbers; the others numbers only."""
    if kind == "word" and operand.startswith("%"):
        raise PatternError("Lambent does not support regular expressions (%...%) in filter patterns yet.")
    number = _number(operand) if kind == "word" else None
    if sign in ORDER:
        if number is None:
            raise PatternError(f"Invalid character(s) in term '{operand}'")
        order = ORDER[sign]
        return lambda value: _is_number(value) and bool(order(value, number))
    if sign not in ("=", "!="):
        raise PatternError(f"Invalid filter pattern: a comparison is needed, not '{sign}'")
    text = re.sub(r"\\(.)", r"\1", operand) if kind == "text" else operand
    parts = text.split("*")

    def equal(value: Any) -> bool:
        if _is_number(value):
            return number is not None and bool(value == number)
        return isinstance(value, str) and _like(value, parts)

    return equal if sign == "=" else lambda value: not equal(value)


def _like(text: str, parts: list[str]) -> bool:
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


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", text) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
