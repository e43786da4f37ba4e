"""Labels with parts that are found out: `${MAX}`, `${PROP('Dim.FunctionName')}`.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/graph-dynamic-labels.html
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from lambent.engine.metric_math import TimeSeries
from lambent.services.cloudwatch import faults

PART = re.compile(r"\$\{\s*(?:PROP\('(?P<property>[^']*)'\)|(?P<name>[A-Z_]+))\s*\}")
ZONE = re.compile(r"([+-])(\d{2})(\d{2})")
Points = Mapping[int, float]


def zone(options: Mapping[str, Any]) -> timezone:
    """The time zone of a request's LabelOptions. Raises Fault."""
    text = options.get("Timezone")
    if text is None:
        return UTC
    found = ZONE.fullmatch(text)
    if found is None:
        raise faults.value(f"The value {text} for parameter LabelOptions.Timezone is invalid.")  # our wording
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    if offset >= timedelta(hours=24):
        raise faults.value(f"The value {text} for parameter LabelOptions.Timezone is invalid.")  # our wording
    return timezone(-offset if found[1] == "-" else offset)


def written(label: str, query: Mapping[str, Any], series: TimeSeries, zone: timezone) -> str:
    """A label with its parts found out; those that mean nothing stay."""

    def part(found: re.Match[str]) -> str:
        if found["property"] is not None:
            said = _property(found["property"], query, series)
            return found[0] if said is None else said
        return _statistic(found["name"], series.points, zone) or found[0]

    return PART.sub(part, label)


def _property(name: str, query: Mapping[str, Any], series: TimeSeries) -> str | None:
    stat = query.get("MetricStat", {})
    metric = stat.get("Metric", {})
    dimensions = {f"Dim.{one['Name']}": one["Value"] for one in metric.get("Dimensions") or ()}
    known = {
        "MetricName": metric.get("MetricName"),
        "Namespace": metric.get("Namespace"),
        "Stat": stat.get("Stat"),
        "Period": str(series.period),
        **dimensions,
    }
    return known.get(name)


def _statistic(name: str, points: Points, zone: timezone) -> str | None:
    if name == "LABEL":
        return None
    what, _, time = name.partition("_")
    choose = CHOOSE.get(what)
    if not points:
        return "--" if choose is not None or name in SUMMED else None
    if name in SUMMED:
        return _number(SUMMED[name](points))
    if choose is None:
        return None
    at = choose(points)
    if not time:
        return _number(points[at])
    moment = datetime.fromtimestamp(at, UTC).astimezone(zone)
    return moment.strftime("%Y-%m-%d %H:%M:%S") if time in ("TIME", "TIME_RELATIVE") else None


def _number(value: float) -> str:
    return f"{value:.10g}"


CHOOSE: dict[str, Callable[[Points], int]] = {
    "MAX": lambda points: max(points, key=lambda at: points[at]),
    "MIN": lambda points: min(points, key=lambda at: points[at]),
    "FIRST": min,
    "LAST": max,
}
SUMMED: dict[str, Callable[[Points], float]] = {
    "SUM": lambda points: sum(points.values()),
    "AVG": lambda points: sum(points.values()) / len(points),
}
