"""What state an alarm is in, by the points of its metric.

An alarm looks at more periods than it evaluates (`RANGE_MORE`), so that points that come late or not at all matter
less. Where enough of them have a point, the latest `periods` points decide. Otherwise the missing ones count as
TreatMissingData says.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html, whose tables are
the unit tests; the texts are those of alarms in AWS's documentation and in public reports.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"
RANGE_MORE = 2
"""Periods that are looked at beside those that are evaluated."""
MISSING, IGNORE, BREACHING, NOT_BREACHING = "missing", "ignore", "breaching", "notBreaching"


@dataclass(frozen=True, slots=True)
class Rule:
    """When an alarm goes off: `to_alarm` of the last `periods` points that `operator` compares with `threshold`."""

    threshold: float
    operator: str
    periods: int
    to_alarm: int
    missing: str = MISSING

    @property
    def looked_at(self) -> int:
        """How many periods are looked at."""
        return self.periods + RANGE_MORE

    def breaks(self, value: float) -> bool:
        """Whether a value is one that the alarm is for."""
        return COMPARE[self.operator][0](value, self.threshold)


@dataclass(frozen=True, slots=True)
class Point:
    """A value and where its period begins (seconds since 1970)."""

    at: int
    value: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state, why, and the points that decided, the latest first."""

    state: str
    reason: str
    points: tuple[Point, ...] = ()


COMPARE: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}


def evaluate(rule: Rule, current: str, points: Sequence[Point | None]) -> Verdict | None:
    """The verdict over the periods that are looked at, the latest last; None: the state stays what it is."""
    real = [point for point in points if point is not None]
    if len(real) >= rule.periods:
        return _decided(rule, real[-rule.periods :])
    if rule.missing in (BREACHING, NOT_BREACHING):
        return _filled(rule, real, rule.periods - len(real))
    if not real:
        return None if rule.missing == IGNORE else _unknown(rule)
    if sum(rule.breaks(point.value) for point in real) >= rule.to_alarm:
        return _decided(rule, real)
    if not all(rule.breaks(point.value) for point in real):
        return _decided(rule, real)
    if rule.missing == MISSING and _age_of_oldest(rule, points) >= rule.to_alarm:
        return _verdict(rule, ALARM, real, len(real))
    return None


def _decided(rule: Rule, points: Sequence[Point]) -> Verdict:
    breaking = sum(rule.breaks(point.value) for point in points)
    state = ALARM if breaking >= rule.to_alarm else OK
    return _verdict(rule, state, points, breaking if state == ALARM else len(points) - breaking)


def _filled(rule: Rule, real: Sequence[Point], missing: int) -> Verdict:
    breaking = sum(rule.breaks(point.value) for point in real)
    counted = breaking + (missing if rule.missing == BREACHING else 0)
    state = ALARM if counted >= rule.to_alarm else OK
    if real:
        return _verdict(rule, state, real, breaking if state == ALARM else len(real) - breaking, missing)
    kind = "Breaching" if rule.missing == BREACHING else "NonBreaching"
    treated = f"{missing} missing {_points(missing)} {_was(missing)} treated as [{kind}]"
    periods = f"{rule.periods} {'period' if rule.periods == 1 else 'periods'}"
    return Verdict(state, f"Threshold Crossed: no datapoints were received for {periods} and {treated}.")


def _unknown(rule: Rule) -> Verdict:
    count = rule.periods
    return Verdict(INSUFFICIENT_DATA, f"Insufficient Data: {count} {_points(count)} {_was(count)} unknown.")


def _age_of_oldest(rule: Rule, points: Sequence[Point | None]) -> int:
    """How many periods ago the oldest point is, of those that are evaluated; the latest is one ago."""
    ages = [age for age, point in enumerate(reversed(points[-rule.periods :]), 1) if point is not None]
    return max(ages, default=0)


def _verdict(rule: Rule, state: str, points: Sequence[Point], count: int, missing: int = 0) -> Verdict:
    """`count` of the points speak for the state."""
    latest = tuple(reversed(points))
    speaking = [point for point in latest if rule.breaks(point.value) == (state == ALARM)]
    shown = ", ".join(f"{_number(point.value)} ({_moment(point.at)})" for point in speaking[:5])
    way = f"{ALARM if state == OK else OK} -> {state}"
    needed = rule.to_alarm if state == ALARM else rule.periods - rule.to_alarm + 1
    compared = f"{_was(len(speaking))}{'' if state == ALARM else ' not'} {COMPARE[rule.operator][1]}"
    minimum = f"(minimum {needed} {_points(needed)} for {way} transition)"
    reason = (
        f"Threshold Crossed: {count} out of the last {rule.periods} datapoints [{shown}] {compared} "
        f"the threshold ({_number(rule.threshold)}) {minimum}."
    )
    return Verdict(state, reason, latest)


def _points(count: int) -> str:
    return "datapoint" if count == 1 else "datapoints"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


def _number(value: float) -> str:
    return str(float(value))


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d/%m/%y %H:%M:%S")
