"""Aggregate functions of `stats`, by name: what is kept of a group while its rows come, and what follows from it.

`pct` and `count_distinct` keep every value: they are exact, where AWS estimates.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Stats.html
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from lambent.engine.insights.query import Value
from lambent.engine.insights.values import number, order, text


class Kept(Protocol):
    """What is kept of one group."""

    def add(self, value: Value, at: float) -> None:
        """A row's value and its time."""
        ...

    def result(self) -> Value:
        """What is shown."""
        ...


@dataclass(slots=True)
class Count:
    """Rows, or those with a value."""

    many: int = 0

    def add(self, value: Value, at: float) -> None:
        """A row."""
        self.many += value is not None

    def result(self) -> Value:
        """How many."""
        return self.many


@dataclass(slots=True)
class Numbers:
    """Numbers, as the sums that follow from them."""

    shown: Callable[["Numbers"], Value]
    many: int = 0
    total: float = 0
    mean: float = 0.0
    spread: float = 0.0

    def add(self, value: Value, at: float) -> None:
        """A row; Welford's way, so that nothing is lost by differences of large sums."""
        found = number(value)
        if found is None:
            return
        self.many += 1
        self.total += found
        away = found - self.mean
        self.mean += away / self.many
        self.spread += away * (found - self.mean)

    def result(self) -> Value:
        """Nothing without a number."""
        return self.shown(self) if self.many else None


@dataclass(slots=True)
class Extreme:
    """The value whose key is the greatest, or the least one."""

    key: Callable[[Value, float], tuple[int, Value]]
    greatest: bool
    value: Value = None
    best: tuple[int, Value] | None = None

    def add(self, value: Value, at: float) -> None:
        """A row."""
        if value is None:
            return
        key = self.key(value, at)
        if self.best is None or (key > self.best if self.greatest else key < self.best):
            self.best, self.value = key, value

    def result(self) -> Value:
        """Nothing without a value."""
        return self.value


@dataclass(slots=True)
class Distinct:
    """Different values."""

    seen: set[str] = field(default_factory=set)

    def add(self, value: Value, at: float) -> None:
        """A row."""
        if value is not None:
            self.seen.add(text(value))

    def result(self) -> Value:
        """How many."""
        return len(self.seen)


@dataclass(slots=True)
class Percentile:
    """All numbers."""

    percent: float
    found: list[float] = field(default_factory=list)

    def add(self, value: Value, at: float) -> None:
        """A row."""
        one = number(value)
        if one is not None:
            self.found.append(one)

    def result(self) -> Value:
        """The nearest rank: the least number that so many per cent are no greater than."""
        if not self.found:
            return None
        ranked = sorted(self.found)
        rank = math.ceil(min(max(self.percent, 0), 100) / 100 * len(ranked))
        return ranked[max(rank, 1) - 1]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """How one is begun, given the values of its arguments behind the first, and how many arguments it takes."""

    begin: Callable[..., Kept]
    arguments: tuple[int, int]


def _deviation(kept: Numbers) -> float:
    return math.sqrt(kept.spread / (kept.many - 1)) if kept.many > 1 else 0.0


def _by_value(value: Value, at: float) -> tuple[int, Value]:
    return order(value)


def _by_time(value: Value, at: float) -> tuple[int, Value]:
    return 0, at


def _by_text(value: Value, at: float) -> tuple[int, Value]:
    return 0, text(value)


def _of_numbers(shown: Callable[[Numbers], Value]) -> Aggregate:
    return Aggregate(lambda: Numbers(shown), (1, 1))


def _of_extremes(key: Callable[[Value, float], tuple[int, Value]], greatest: bool) -> Aggregate:
    return Aggregate(lambda: Extreme(key, greatest), (1, 1))


def _percentile(percent: Value = 50) -> Kept:
    return Percentile(number(percent) or 0)


AGGREGATES: dict[str, Aggregate] = {
    "count": Aggregate(Count, (0, 1)),
    "count_distinct": Aggregate(Distinct, (1, 1)),
    "sum": _of_numbers(lambda kept: kept.total),
    "avg": _of_numbers(lambda kept: float(kept.total / kept.many)),
    "stddev": _of_numbers(_deviation),
    "min": _of_extremes(_by_value, greatest=False),
    "max": _of_extremes(_by_value, greatest=True),
    "earliest": _of_extremes(_by_time, greatest=False),
    "latest": _of_extremes(_by_time, greatest=True),
    "sortsfirst": _of_extremes(_by_text, greatest=False),
    "sortslast": _of_extremes(_by_text, greatest=True),
    "pct": Aggregate(_percentile, (2, 2)),
    "percentile": Aggregate(_percentile, (2, 2)),
    "median": Aggregate(_percentile, (1, 1)),
}
