"""Metrics by AWS's names, in memory: how often, how much, how long.

Counters of a running server; a restart begins anew. Dimensions are those of CloudWatch: FunctionName, and Resource for
a version or alias. Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from collections.abc import Callable
from dataclasses import dataclass
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


Key = tuple[str, Scope, str, str]


class Metrics:
    """All metrics of the server. `wall` answers seconds since 1970, for the page."""

    def __init__(self, wall: Callable[[], float], bound: int = BOUND) -> None:
        self._wall = wall
        self._since = wall()
        self._bound = bound
        self._series: dict[Key, Series] = {}
        self._left_out = 0

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
        series = self._series.get((name, scope, function, resource))
        return series.total if series else 0.0

    def document(self) -> dict[str, Any]:
        """For the page `/_lambent/metrics`: every series, with the statistics that CloudWatch offers of it."""
        metrics = [
            {
                "MetricName": name,
                "Account": scope.account,
                "Region": scope.region,
                "Dimensions": {"FunctionName": function} | ({"Resource": resource} if resource else {}),
                "SampleCount": series.count,
                "Sum": series.total,
                "Minimum": series.low,
                "Maximum": series.high,
            }
            for (name, scope, function, resource), series in sorted(self._series.items())
        ]
        return {"since": self._since, "now": self._wall(), "metrics": metrics, "left_out": self._left_out}
