"""Metrics by AWS's names, in memory: how often, how much, how long.

Counters of a running server; a restart begins anew. Dimensions are those of CloudWatch: FunctionName, and Resource for
a version or alias. Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lambent.model.scope import Scope

BOUND = 20_000
"""Series that are kept; further ones are counted, not kept."""


@dataclass(slots=True)
class Series:
    """What was recorded of one metric in one set of dimensions."""

    count: int = 0
    total: float = 0.0
    low: float = 0.0
    high: float = 0.0

    def add(self, value: float) -> None:
        """One more sample."""
        self.low = min(self.low, value) if self.count else value
        self.high = max(self.high, value) if self.count else value
        self.count += 1
        self.total += value

    def merge(self, other: "Series") -> None:
        """Further samples, of which there is at least one."""
        self.low = min(self.low, other.low) if self.count else other.low
        self.high = max(self.high, other.high) if self.count else other.high
        self.count += other.count
        self.total += other.total


@dataclass(slots=True)
class Runs:
    """The invocations under one ARN: how long they took (milliseconds), how many ended in a function error."""

    duration: Series = field(default_factory=Series)
    errors: int = 0


Key = tuple[str, Scope, str, str]


class Metrics:
    """All metrics of the server. `wall` answers seconds since 1970, for the page."""

    def __init__(self, wall: Callable[[], float], bound: int = BOUND) -> None:
        self._wall = wall
        self._since = wall()
        self._bound = bound
        self._series: dict[Key, Series] = {}
        self._left_out = 0
        self._runs: dict[str, Runs] = {}

    def ran(self, arn: str, milliseconds: float, failed: bool) -> None:
        """An invocation of what `arn` names has ended; `failed` with a function error. As cheap as can be."""
        runs = self._runs.get(arn)
        if runs is None:
            if len(self._runs) >= self._bound:
                self._left_out += 1
                return
            runs = self._runs[arn] = Runs()
        runs.errors += failed
        runs.duration.add(milliseconds)

    def add(self, name: str, scope: Scope, function: str, value: float = 1.0, resource: str = "") -> None:
        """Record `value` for a function, and for `resource` ("f:alias", or an ARN) if there is one."""
        self._add((name, scope, function, ""), value)
        if resource and resource != function:
            self._add((name, scope, function, resource), value)

    def _add(self, key: Key, value: float) -> None:
        series = self._series.get(key)
        if series is None:
            if len(self._series) >= self._bound:
                self._left_out += 1
                return
            series = self._series[key] = Series()
        series.add(value)

    def total(self, name: str, scope: Scope, function: str, resource: str = "") -> float:
        """The sum of a metric's samples, 0 when there is none."""
        series = (self._series | self._of_runs()).get((name, scope, function, resource))
        return series.total if series else 0.0

    def document(self) -> dict[str, Any]:
        """For the page `/_lambent/metrics`: every series, with the statistics that CloudWatch offers of it."""
        metrics = [
            {
                "MetricName": name,
                "Account": scope.account,
                "Region": scope.region,
                "Dimensions": _dimensions(function, resource),
                "SampleCount": series.count,
                "Sum": series.total,
                "Minimum": series.low,
                "Maximum": series.high,
            }
            for (name, scope, function, resource), series in sorted((self._series | self._of_runs()).items())
        ]
        return {"since": self._since, "now": self._wall(), "metrics": metrics, "left_out": self._left_out}

    def _of_runs(self) -> dict[Key, Series]:
        """Invocations, Errors and Duration, by function and by version or alias."""
        found: dict[Key, Series] = {}
        for arn, runs in self._runs.items():
            _, _, _, region, account, _, function, *qualifier = arn.split(":")
            for resource in ("", *(f"{function}:{one}" for one in qualifier)):
                key = (Scope(account, region), function, resource)
                found.setdefault(("Duration", *key), Series()).merge(runs.duration)
                each = Series(runs.duration.count, float(runs.duration.count), 1.0, 1.0)
                found.setdefault(("Invocations", *key), Series()).merge(each)
                low, high = float(runs.errors == each.count), float(runs.errors > 0)
                found.setdefault(("Errors", *key), Series()).merge(Series(each.count, float(runs.errors), low, high))
        return found


def _dimensions(function: str, resource: str) -> dict[str, str]:
    """Metrics of an account have none."""
    said = {"FunctionName": function, "Resource": resource}
    return {name: value for name, value in said.items() if value}
