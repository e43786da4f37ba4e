"""Statistics of values: what is kept of a period, and what is found out from it.

Up to `EXACT` different values of a period are kept as they are; of more, each is kept within half a percent. Between
two values a percentile is interpolated.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
"""

import math
import re
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass

EXACT = 150
STEP = math.log(1.01)
Weighted = list[tuple[float, float]]
"""Values in their order, each with how often it was measured."""


class Bucket:
    """The values of a period. `values` maps each to how often it came; None when that is not known of all of them: a
    statistic set says no more than its four numbers."""

    __slots__ = ("_coarse", "count", "high", "low", "total", "values")

    def __init__(
        self,
        count: float = 0.0,
        total: float = 0.0,
        low: float = math.inf,
        high: float = -math.inf,
        values: dict[float, float] | None = None,
    ) -> None:
        self.count = count
        self.total = total
        self.low = low
        self.high = high
        self.values: dict[float, float] | None = {} if values is None and not count else values
        self._coarse = values is not None and len(values) > EXACT

    def add(self, value: float, count: float = 1.0) -> None:
        """A value that was measured `count` times."""
        self.count += count
        self.total += value * count
        if value < self.low:  # noqa: PLR1730  a call of `min` costs more
            self.low = value
        if value > self.high:  # noqa: PLR1730
            self.high = value
        values = self.values
        if values is None:
            return
        if self._coarse:
            value = rough(value)
        values[value] = values.get(value, 0.0) + count
        if len(values) > EXACT and not self._coarse:
            self._coarsen()

    def merge(self, other: "Bucket") -> None:
        """All of another's."""
        self.count += other.count
        self.total += other.total
        self.low = min(self.low, other.low)
        self.high = max(self.high, other.high)
        values = self.values
        if values is None or other.values is None:
            self.values = None
            return
        for value, count in other.values.items():
            near = rough(value) if self._coarse else value
            values[near] = values.get(near, 0.0) + count
        if len(values) > EXACT and not self._coarse:
            self._coarsen()

    def _coarsen(self) -> None:
        """From now on a value stands for those beside it."""
        self._coarse = True
        found: dict[float, float] = {}
        for value, count in (self.values or {}).items():
            near = rough(value)
            found[near] = found.get(near, 0.0) + count
        self.values = found

    def pack(self) -> bytes | None:
        """The values as bytes; None when they are not known."""
        if self.values is None:
            return None
        return array("d", [number for pair in self.values.items() for number in pair]).tobytes()


def statistic_set(count: float, total: float, low: float, high: float) -> Bucket:
    """What somebody has found out of values that are not told; if they are all the same, they are known."""
    return Bucket(count, total, low, high, {low: count} if low == high else None)


def unpacked(packed: bytes | None) -> dict[float, float] | None:
    """The values that were packed."""
    if packed is None:
        return None
    numbers = array("d")
    numbers.frombytes(packed)
    return dict(zip(numbers[::2], numbers[1::2], strict=True))


def rough(value: float) -> float:
    """A value that stands for all that are within half a percent of it."""
    if not value:
        return value
    return math.copysign(math.exp(round(math.log(abs(value)) / STEP) * STEP), value)


Compute = Callable[[Bucket], float | None]
"""A statistic of a bucket that isn't empty; None when what is kept doesn't tell."""


@dataclass(frozen=True, slots=True)
class Statistic:
    """One, by the name that it was asked for; `known` tells that it needs the single values."""

    name: str
    compute: Compute
    known: bool = False


PLAIN: dict[str, Compute] = {
    "SampleCount": lambda bucket: bucket.count,
    "Average": lambda bucket: bucket.total / bucket.count,
    "Sum": lambda bucket: bucket.total,
    "Minimum": lambda bucket: bucket.low,
    "Maximum": lambda bucket: bucket.high,
}
PERCENT = r"(\d{1,3}(?:\.\d{1,10})?)"
SHORT = re.compile(rf"(p|tm|wm|tc|ts){PERCENT}", re.IGNORECASE)
NUMBER = r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
LONG = re.compile(rf"(TM|WM|TC|TS|PR)\(({NUMBER}%?)?:({NUMBER}%?)?\)", re.IGNORECASE)


def statistic(name: str) -> Statistic | None:
    """The statistic of a name ("Sum", "p99.9", "TM(10%:90%)", "PR(:300)", "IQM"); None for no such name."""
    plain = PLAIN.get(name)
    if plain is not None:
        return Statistic(name, plain)
    if name.upper() == "IQM":
        return Statistic(name, _of_values(lambda values: _mean(_trimmed(values, "25%", "75%"))), known=True)
    short = SHORT.fullmatch(name)
    if short is not None:
        return _short(name, short[1].lower(), short[2])
    found = LONG.fullmatch(name)
    if found is None or not (found[2] or found[3]) or not _bounds_fit(found[1].upper(), found[2], found[3]):
        return None
    return _long(name, found[1].upper(), found[2], found[3])


def _short(name: str, kind: str, percent: str) -> Statistic | None:
    if not 0 <= float(percent) <= 100:
        return None
    if kind == "p":
        return Statistic(name, _of_values(lambda values: percentile(values, float(percent))), known=True)
    return _long(name, kind.upper(), None, f"{percent}%")


def _bounds_fit(kind: str, low: str | None, high: str | None) -> bool:
    """Both are percentages or both numbers, in their order; a percentile rank has numbers."""
    percents = [bound.endswith("%") for bound in (low, high) if bound]
    if len(set(percents)) != 1 or (kind == "PR" and percents[0]):
        return False
    numbers = [float(bound.rstrip("%")) for bound in (low, high) if bound]
    if percents[0] and not all(0 <= number <= 100 for number in numbers):
        return False
    return numbers == sorted(numbers)


def _long(name: str, kind: str, low: str | None, high: str | None) -> Statistic:
    def compute(values: Weighted) -> float | None:
        if kind == "PR":
            return 100.0 * _count(_trimmed(values, low, high)) / _count(values)
        if kind == "WM":
            return _winsorized(values, low, high)
        kept = _trimmed(values, low, high)
        if kind == "TC":
            return _count(kept)
        return sum(value * count for value, count in kept) if kind == "TS" else _mean(kept)

    return Statistic(name, _of_values(compute), known=True)


def _of_values(compute: Callable[[Weighted], float | None]) -> Compute:
    """AWS finds them out only where the values are known, and none is negative."""

    def found(bucket: Bucket) -> float | None:
        return compute(sorted(bucket.values.items())) if bucket.values and bucket.low >= 0 else None

    return found


def percentile(values: Weighted, percent: float) -> float:
    """The value below which so many percent are."""
    place = (_count(values) - 1) * percent / 100
    return _at(values, max(place, 0.0))


def _at(values: Weighted, place: float) -> float:
    """The value at a place of the whole sequence, between two of them in proportion."""
    passed = 0.0
    for at, (value, count) in enumerate(values):
        passed += count
        if place <= passed - 1 or at == len(values) - 1:
            return value
        if place < passed:
            return value + (values[at + 1][0] - value) * (place - (passed - 1))
    return values[-1][0]


def _trimmed(values: Weighted, low: str | None, high: str | None) -> Weighted:
    """What is between two bounds: shares of all, or values, the lower one not included."""
    if (low or high or "").endswith("%"):
        every = _count(values)
        start = every * float(low.rstrip("%")) / 100 if low else 0.0
        end = every * float(high.rstrip("%")) / 100 if high else every
        return list(_between(values, start, end))
    least = float(low) if low else -math.inf
    most = float(high) if high else math.inf
    return [(value, count) for value, count in values if least < value <= most]


def _between(values: Weighted, start: float, end: float) -> Iterable[tuple[float, float]]:
    passed = 0.0
    for value, count in values:
        kept = min(passed + count, end) - max(passed, start)
        passed += count
        if kept > 0:
            yield value, kept


def _winsorized(values: Weighted, low: str | None, high: str | None) -> float | None:
    """What is outside the bounds counts as the outermost that is inside."""
    kept = _trimmed(values, low, high)
    if not kept:
        return None
    least, most = kept[0][0], kept[-1][0]
    return _mean([(min(max(value, least), most), count) for value, count in values])


def _mean(values: Weighted) -> float | None:
    count = _count(values)
    return sum(value * weight for value, weight in values) / count if count else None


def _count(values: Weighted) -> float:
    return sum(count for _, count in values)
