"""Metric math: expressions over time series, read and evaluated.

A value is a number, a time series (its points by their time), or an array of those. A point that can't be computed,
such as one that is divided by zero, is left out.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

MOST_DEPTH = 50
MOST_SIGNS = 200
"""Operators of an expression: one stands in another."""
MOST_POINTS = 2_000_000
"""That all expressions of one request make, with all that is between: seconds, in which everybody waits."""
TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|\.\d+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<text>'[^']*'|\"(?:[^\"\\]|\\.)*\")|(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/^<>()\[\],]))"
)


class MathError(Exception):
    """An expression that is none, or can't be evaluated. The text is for the caller."""


@dataclass(frozen=True, slots=True)
class TimeSeries:
    """`points` by their time (seconds since 1970), `period` in seconds; `id` is of the query that it comes from. The
    `statistics` of a metric are what SORT and labels may say of it."""

    points: Mapping[int, float]
    period: int
    label: str = ""
    id: str = ""

    def mapped(self, change: Callable[[float], float | None]) -> "TimeSeries":
        """Each point changed; without those of which nothing comes."""
        found = ((at, _attempt(change, value)) for at, value in self.points.items())
        return replace(self, points={at: value for at, value in found if value is not None})


Value = float | TimeSeries | list[TimeSeries] | str
"""Texts are only arguments."""


@dataclass(frozen=True, slots=True)
class Node:
    """Part of an expression: `kind` is number, text, name, call, list or operator; `value` says which."""

    kind: str
    value: Any
    parts: tuple["Node", ...] = ()

    def walk(self) -> Iterator["Node"]:
        """It and all its parts."""
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(slots=True)
class Context:
    """What an expression is evaluated in: the values of other queries by id, the metrics (not expressions) among them,
    what each SEARCH found, by its node; the span in seconds since 1970, and the period of what has none."""

    values: Mapping[str, Value]
    start: int
    end: int
    period: int
    metrics: tuple[TimeSeries, ...] = ()
    found: Mapping[Node, list[TimeSeries]] = field(default_factory=dict)
    left: list[int] = field(default_factory=lambda: [MOST_POINTS])
    """How many points may still be made: one for all expressions."""

    def times(self, period: int) -> range:
        """When points could be. Raises MathError when those are too many."""
        times = range(self.start, self.end, period)
        self.spend(len(times))
        return times

    def spend(self, points: int) -> None:
        """Count what is made. Raises MathError when it is too much."""
        self.left[0] -= points
        if self.left[0] < 0:
            raise MathError(f"More than {MOST_POINTS} data points would be made: ask for less time, or longer periods")


def parse(text: str) -> Node:
    """The expression that a text is. Raises MathError."""
    reader = _Reader(text)
    node = reader.either(0)
    if reader.peek() is not None:
        raise MathError(f"Invalid syntax near '{reader.peek()}'")
    return node


def names(node: Node) -> set[str]:
    """The ids of queries that an expression needs."""
    return {str(one.value) for one in node.walk() if one.kind == "name" and one.value not in WORDS}


def searches(node: Node) -> list[Node]:
    """The calls of SEARCH in it."""
    return [one for one in node.walk() if one.kind == "call" and one.value == "SEARCH"]


WORDS = frozenset({"REPEAT", "LINEAR", "ASC", "DESC", "SUM", "AVG", "MIN", "MAX", "STDDEV"})
"""Names that are arguments of functions; ids of queries begin with a small letter."""
LEVELS = (("||", "OR"), ("&&", "AND"), ("==", "!=", "<", ">", "<=", ">="), ("+", "-"), ("*", "/"))
"""Operators from the weakest to the strongest but one."""
SAME = {"OR": "||", "AND": "&&"}


class _Reader:
    """Reads by recursive descent."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0
        self._signs = 0

    def peek(self) -> str | None:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else None

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise MathError("Invalid syntax: the expression ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, sign: str) -> None:
        if self.peek() != sign:
            raise MathError(f"Invalid syntax: '{sign}' is missing")
        self._at += 1

    def either(self, level: int) -> Node:
        """Operands of one level, the first two first."""
        if level == len(LEVELS):
            return self._power()
        node = self.either(level + 1)
        while (sign := self.peek()) in LEVELS[level]:
            self._at += 1
            self._signs += 1
            if self._signs > MOST_SIGNS:
                raise MathError("The expression is too long")
            node = Node("operator", SAME.get(str(sign), sign), (node, self.either(level + 1)))
        return node

    def _power(self) -> Node:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise MathError("The expression is nested too deeply")
        try:
            if self.peek() == "-":
                self._at += 1
                return Node("operator", "-", (Node("number", 0.0), self._power()))
            base = self._one()
            if self.peek() == "^":
                self._at += 1
                return Node("operator", "^", (base, self._power()))
            return base
        finally:
            self._depth -= 1

    def _one(self) -> Node:
        kind, said = self._next()
        if kind == "number":
            return Node("number", float(said))
        if kind == "text":
            return Node("text", said[1:-1].replace('\\"', '"'))
        if kind == "name":
            return self._named(said)
        if said == "(":
            node = self.either(0)
            self._expect(")")
            return node
        if said == "[":
            return Node("list", "", self._several("]"))
        raise MathError(f"Invalid syntax near '{said}'")

    def _named(self, name: str) -> Node:
        if self.peek() != "(":
            return Node("name", name)
        self._at += 1
        return Node("call", name.upper(), self._several(")"))

    def _several(self, closing: str) -> tuple[Node, ...]:
        if self.peek() == closing:
            self._at += 1
            return ()
        found = [self.either(0)]
        while self.peek() == ",":
            self._at += 1
            found.append(self.either(0))
        self._expect(closing)
        return tuple(found)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at, text = 0, text.rstrip()
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None:
            raise MathError(f"Invalid syntax near '{text[at : at + 20].strip()}'")
        at = found.end()
        assert found.lastgroup is not None
        yield found.lastgroup, found[found.lastgroup]


# --- evaluating


def combine(operator: str, left: Value, right: Value) -> Value:
    """Two operands by an operator: numbers, or series point by point where both have one. Raises MathError."""
    compute = OPERATORS[operator]
    if isinstance(left, str) or isinstance(right, str):
        raise MathError(f"Operator {operator} takes no text")
    if isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            raise MathError("Arrays of different lengths can't be combined")
        return [_pair(compute, one, other) for one, other in zip(left, right, strict=True)]
    if isinstance(left, list):
        return [_one_of(compute, one, right) for one in left]
    if isinstance(right, list):
        return [_one_of(compute, left, one) for one in right]
    if isinstance(left, TimeSeries) or isinstance(right, TimeSeries):
        return _one_of(compute, left, right)
    value = _attempt(lambda other: compute(left, other), right)
    return float("nan") if value is None else value


def _one_of(compute: Callable[[float, float], float], left: Any, right: Any) -> TimeSeries:
    """At least one of the two is a series."""
    if isinstance(left, TimeSeries) and isinstance(right, TimeSeries):
        return _pair(compute, left, right)
    if isinstance(left, TimeSeries):
        return left.mapped(lambda value: compute(value, right))
    series: TimeSeries = right
    return series.mapped(lambda value: compute(left, value))


def _pair(compute: Callable[[float, float], float], left: TimeSeries, right: TimeSeries) -> TimeSeries:
    period = max(left.period, right.period)
    points = {}
    for at, value in left.points.items():
        if at in right.points:
            found = _attempt(lambda other, value=value: compute(value, other), right.points[at])  # type: ignore[misc]
            if found is not None:
                points[at] = found
    return TimeSeries(points, period, left.label)


def _attempt(compute: Callable[[float], float | None], value: float) -> float | None:
    """What comes of a number, None for nothing that is one."""
    try:
        found = compute(value)
        if found is None or isinstance(found, complex) or not math.isfinite(found):
            return None
    except (ArithmeticError, ValueError):
        return None
    return float(found)


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "^": lambda left, right: float(left) ** float(right),
    "==": lambda left, right: float(left == right),
    "!=": lambda left, right: float(left != right),
    "<": lambda left, right: float(left < right),
    ">": lambda left, right: float(left > right),
    "<=": lambda left, right: float(left <= right),
    ">=": lambda left, right: float(left >= right),
    "&&": lambda left, right: float(bool(left) and bool(right)),
    "||": lambda left, right: float(bool(left) or bool(right)),
}
