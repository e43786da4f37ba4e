"""What is measured of functions: how often, how much, how long.

Counters of a running server, in memory (a restart begins anew), and the way to the series that last (`observe.series`).
Dimensions are those of CloudWatch: FunctionName, and Resource for a version or alias. Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lambent.engine.statistics import Bucket
from lambent.model.metric import Stream
from lambent.model.scope import Scope
from lambent.observe import lambda_metrics

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
Run = tuple[str, float, bool, str, float, int, int]
"""ARN, milliseconds, whether it failed, the version that ran, when (seconds since 1970); whole milliseconds that are
billed, of how many megabytes."""
Counted = tuple[str, Scope, str, str, float, bool, float]
"""Metric, scope, function, resource, a sample's value, whether it belongs into series, the minute (seconds since 1970).
"""
Take = Callable[[tuple[Stream, ...], float, Bucket], None]
"""Takes measurements into series: those, when, the values."""
MINUTE = 60.0
WAITING = 10_000
"""Invocations that wait to be counted."""


def untaken(_streams: tuple[Stream, ...], _at: float, _values: Bucket) -> None:
    """Nobody keeps series."""


class Metrics:
    """All metrics of the server. `wall` answers seconds since 1970; `take` gets what belongs into series, `wake` is
    called when the first invocation waits to be counted (by `drain`). So many may be `waiting`."""

    def __init__(
        self, wall: Callable[[], float], bound: int = BOUND, take: Take = untaken, waiting: int = WAITING
    ) -> None:
        self._most = waiting
        self._wall = wall
        self._since = wall()
        self._bound = bound
        self.take = take
        self.wake: Callable[[], None] = lambda: None
        self._waiting: list[Run] = []
        self._counted: dict[Counted, int] = {}
        self._series: dict[Key, Series] = {}
        self._left_out = 0
        self._runs: dict[str, Runs] = {}

    def ran(
        self, arn: str, milliseconds: float, failed: bool, version: str = "", billed: int = 0, memory: int = 0
    ) -> None:
        """An invocation of what `arn` names has ended, of that version; `failed` with a function error. `billed`
        milliseconds of `memory` megabytes. As cheap as can be."""
        waiting = self._waiting
        if not waiting:
            self.wake()
        elif len(waiting) > self._most:
            self.drain()
        waiting.append((arn, milliseconds, failed, version, self._wall(), billed, memory))

    def drain(self) -> None:
        """Count what waits: at once what was invoked under one ARN, in one version and one minute."""
        self._drain_counted()
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        durations: dict[tuple[str, str, float], tuple[Bucket, list[bool]]] = {}
        for arn, milliseconds, failed, version, at, _billed, _memory in waiting:
            key = (arn, version, at // MINUTE * MINUTE)
            found = durations.get(key) or durations.setdefault(key, (Bucket(), []))
            found[0].add(milliseconds)
            found[1].append(failed)
        self._take_bills(waiting)
        for (arn, version, at), (took, failures) in durations.items():
            failed_ones = sum(failures)
            self._take_runs(arn, took, failed_ones)
            scope, function, resource = _asked(arn)
            count = took.count
            errors = Bucket()
            for value, times in ((0.0, count - failed_ones), (1.0, float(failed_ones))):
                if times:
                    errors.add(value, times)
            each = {"Invocations": Bucket(count, count, 1.0, 1.0, {1.0: count}), "Errors": errors, "Duration": took}
            for name, values in each.items():
                self.take(lambda_metrics.streams(name, scope, function, resource, version), at, values)

    def _take_runs(self, arn: str, took: Bucket, failed: int) -> None:
        """The same for the page of metrics."""
        runs = self._runs.get(arn)
        if runs is None and len(self._runs) < self._bound:
            runs = self._runs[arn] = Runs()
        if runs is None:
            self._left_out += int(took.count)
        else:
            runs.errors += failed
            runs.duration.merge(Series(int(took.count), took.total, took.low, took.high))

    def _take_bills(self, waiting: list[Run]) -> None:
        """What is billed under one ARN, of one size, in one minute, becomes part of its series at once."""
        bills: dict[tuple[str, int, float], dict[int, int]] = {}
        for arn, _milliseconds, _failed, _version, at, billed, memory in waiting:
            if memory:
                times = bills.setdefault((arn, memory, at // MINUTE * MINUTE), {})
                times[billed] = times.get(billed, 0) + 1
        for (arn, memory, at), times in bills.items():
            values = Bucket()
            for billed, count in times.items():
                values.add(float(billed), float(count))
            self.take(lambda_metrics.billed(*_asked(arn)[:2], memory), at, values)

    def add(
        self, name: str, scope: Scope, function: str, value: float = 1.0, resource: str = "", *, series: bool = True
    ) -> None:
        """Record `value` for a function, and for `resource` ("f:alias", or an ARN) if there is one; without `series`
        it is counted here alone."""
        key = (name, scope, function, resource, value, series, self._wall() // MINUTE * MINUTE)
        counted = self._counted
        if key in counted:
            counted[key] += 1
            return
        if not counted:
            self.wake()
        elif len(counted) > self._most:
            self.drain()
        self._counted[key] = 1

    def _drain_counted(self) -> None:
        """What was sampled once and again with the same value becomes part of its series at once."""
        counted, self._counted = self._counted, {}
        for (name, scope, function, resource, value, series, at), count in counted.items():
            self._add((name, scope, function, ""), value, count)
            if resource and resource != function:
                self._add((name, scope, function, resource), value, count)
            if series:
                values = Bucket(count, value * count, value, value, {value: float(count)})
                self.take(lambda_metrics.streams(name, scope, function, resource), at, values)

    def _add(self, key: Key, value: float, count: int) -> None:
        series = self._series.get(key)
        if series is None:
            if len(self._series) >= self._bound:
                self._left_out += count
                return
            series = self._series[key] = Series()
        series.merge(Series(count, value * count, value, value))

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
        self.drain()
        found: dict[Key, Series] = {}
        for arn, runs in self._runs.items():
            scope, function, qualified = _asked(arn)
            for resource in ("", qualified) if qualified else ("",):
                key = (scope, function, resource)
                found.setdefault(("Duration", *key), Series()).merge(runs.duration)
                each = Series(runs.duration.count, float(runs.duration.count), 1.0, 1.0)
                found.setdefault(("Invocations", *key), Series()).merge(each)
                low, high = float(runs.errors == each.count), float(runs.errors > 0)
                found.setdefault(("Errors", *key), Series()).merge(Series(each.count, float(runs.errors), low, high))
        return found


@functools.lru_cache(maxsize=4096)
def _asked(arn: str) -> tuple[Scope, str, str]:
    """Whose function, its name, and "f:alias" for what was named with a qualifier."""
    _, _, _, region, account, _, function, *qualifier = arn.split(":")
    return Scope(account, region), function, f"{function}:{qualifier[0]}" if qualifier else ""


def _dimensions(function: str, resource: str) -> dict[str, str]:
    """Metrics of an account have none."""
    said = {"FunctionName": function, "Resource": resource}
    return {name: value for name, value in said.items() if value}
