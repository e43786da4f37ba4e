"""Aggregate functions of `stats`, by name: what is kept of a group while its rows come, and what follows from it.

`pct` and `count_distinct` keep every value: they are exact, where AWS estimates.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Stats.html
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, Protocol

from lambent.engine.insights.query import Value
from lambent.engine.insights.values import number, order, text

PLAIN = frozenset((int, float))
Values = Sequence[Value]
Times = Sequence[float]


class Kept(Protocol):
    """What is kept of one group. It goes from process to process."""

    def add(self, values: Values, times: Times) -> None:
        """The values of rows, and their times where those matter (`Aggregate.timed`)."""
        ...

    def merge(self, other: Any) -> None:
        """What is kept of rows that come behind."""
        ...

    def result(self) -> Value:
        """What is shown."""
        ...


@dataclass(slots=True)
class Count:
    """Rows, or those with a value."""

    many: int = 0

    def add(self, values: Values, times: Times) -> None:
        """Rows."""
        self.many += len(values) - values.count(None)

    def merge(self, other: "Count") -> None:
        """More of them."""
        self.many += other.many

    def result(self) -> Value:
        """How many."""
        return self.many


def numbers(values: Values) -> list[float]:
    """Those that are numbers, or spell one."""
    those = [value for value in values if value is not None]
    kinds = set(map(type, those))
    if kinds <= PLAIN:
        return those
    if kinds == {str}:
        try:
            found = list(map(float, those))
        except ValueError:
            found = [math.nan]
        if all(map(math.isfinite, found)):
            return found
    return [one for one in map(number, those) if one is not None]


@dataclass(slots=True)
class Numbers:
    """Numbers, as the sums that follow from them."""

    shown: Callable[["Numbers"], Value]
    many: int = 0
    total: float = 0
    mean: float = 0.0
    spread: float = 0.0

    def add(self, values: Values, times: Times) -> None:
        """Rows."""
        found = numbers(values)
        if not found:
            return
        total = sum(found)
        mean = total / len(found)
        spread = sum((one - mean) * (one - mean) for one in found) if self.shown is _deviation else 0.0
        self._join(len(found), total, mean, spread)

    def merge(self, other: "Numbers") -> None:
        """More of them."""
        if other.many:
            self._join(other.many, other.total, other.mean, other.spread)

    def _join(self, many: int, total: float, mean: float, spread: float) -> None:
        """Chan's way, so that nothing is lost by differences of large sums."""
        away, both = mean - self.mean, self.many + many
        self.spread += spread + away * away * self.many * many / both
        self.mean += away * many / both
        self.total += total
        self.many = both

    def result(self) -> Value:
        """Nothing without a number."""
        return self.shown(self) if self.many else None


def _best(values: Values, choose: Callable[[Sequence[float]], float]) -> Value:
    """The greatest or least one, the first of equal ones, where all are numbers or all spell one; else nothing."""
    those = [value for value in values if value is not None]
    kinds = set(map(type, those))
    if not those or not (kinds <= PLAIN or kinds == {str}):
        return None
    found = numbers(those)
    return those[found.index(choose(found))] if len(found) == len(those) else None


@dataclass(slots=True)
class Extreme:
    """The value whose key is the greatest, or the least one; the first one of equal ones."""

    key: Callable[[Value, float], tuple[int, Value]]
    greatest: bool
    value: Value = None
    best: tuple[int, Value] | None = None

    def add(self, values: Values, times: Times) -> None:
        """Rows."""
        if self.key is _by_value and (best := _best(values, max if self.greatest else min)) is not None:
            values = [best]
        for value, at in zip(values, times or repeat(0.0)):  # noqa: B905 (times are repeated)
            if value is not None:
                self._take(value, self.key(value, at))

    def _take(self, value: Value, key: tuple[int, Value]) -> None:
        if self.best is None or (key > self.best if self.greatest else key < self.best):
            self.best, self.value = key, value

    def merge(self, other: "Extreme") -> None:
        """More of them."""
        if other.best is not None:
            self._take(other.value, other.best)

    def result(self) -> Value:
        """Nothing without a value."""
        return self.value


@dataclass(slots=True)
class Distinct:
    """Different values."""

    seen: set[str] = field(default_factory=set)

    def add(self, values: Values, times: Times) -> None:
        """Rows."""
        self.seen.update(value if type(value) is str else text(value) for value in values if value is not None)

    def merge(self, other: "Distinct") -> None:
        """More of them."""
        self.seen |= other.seen

    def result(self) -> Value:
        """How many."""
        return len(self.seen)


@dataclass(slots=True)
class Percentile:
    """All numbers."""

    percent: float
    found: list[float] = field(default_factory=list)

    def add(self, values: Values, times: Times) -> None:
        """Rows."""
        self.found += numbers(values)

    def merge(self, other: "Percentile") -> None:
        """More of them."""
        self.found += other.found

    def result(self) -> Value:
        """The nearest rank: the least number that so many per cent are no greater than."""
        if not self.found:
            return None
        ranked = sorted(self.found, key=float)  # which are compared faster than numbers of two kinds
        rank = math.ceil(min(max(self.percent, 0), 100) / 100 * len(ranked))
        return ranked[max(rank, 1) - 1]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """How one is begun, given the values of its arguments behind the first, how many arguments it takes, and whether it
    looks at times."""

    begin: Callable[..., Kept]
    arguments: tuple[int, int]
    timed: bool = False


def _total(kept: Numbers) -> float:
    return kept.total


def _average(kept: Numbers) -> float:
    return float(kept.total / kept.many)


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
    return Aggregate(lambda: Extreme(key, greatest), (1, 1), timed=key is _by_time)


def _percentile(percent: Value = 50) -> Kept:
    return Percentile(number(percent) or 0)


AGGREGATES: dict[str, Aggregate] = {
    "count": Aggregate(Count, (0, 1)),
    "count_distinct": Aggregate(Distinct, (1, 1)),
    "sum": _of_numbers(_total),
    "avg": _of_numbers(_average),
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
