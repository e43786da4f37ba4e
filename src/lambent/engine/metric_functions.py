"""The functions of metric math, and the evaluation of an expression.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#metric-math-syntax-functions-list
"""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from lambent.engine.metric_math import Context, MathError, Node, TimeSeries, Value, combine

REFUSED = frozenset(
    {"ANOMALY_DETECTION_BAND", "INSIGHT_RULE_METRIC", "DB_PERF_INSIGHTS", "SERVICE_QUOTA", "LAMBDA", "DATA_SOURCE"}
)
"""Functions of what Lambent does not have."""


class NotBuilt(MathError):
    """AWS has it, Lambent not."""


def evaluate(node: Node, context: Context) -> Value:
    """The value of an expression. Raises MathError."""
    value = _evaluated(node, context)
    context.spend(_weight(value))
    return value


def _weight(value: Value) -> int:
    if isinstance(value, list):
        return sum(1 + len(one.points) for one in value)
    return len(value.points) if isinstance(value, TimeSeries) else 0


def _evaluated(node: Node, context: Context) -> Value:
    if node.kind in ("number", "text"):
        value: Value = node.value
        return value
    if node.kind == "name":
        return _named(node.value, context)
    if node.kind == "operator":
        left, right = (evaluate(part, context) for part in node.parts)
        return combine(node.value, left, right)
    if node.kind == "list":
        return [one for part in node.parts for one in _series_of(evaluate(part, context))]
    return _call(node, context)


def _named(name: str, context: Context) -> Value:
    if name in context.values:
        return context.values[name]
    if name[:1].isupper():
        return name
    raise MathError(f"Unknown id '{name}'")


def _call(node: Node, context: Context) -> Value:
    name = node.value
    if name in REFUSED:
        raise NotBuilt(f"the function {name}")
    if name == "SEARCH":
        return context.found.get(node, [])
    function = FUNCTIONS.get(name)
    if function is None:
        raise MathError(f"Unknown function '{name}'")
    compute, least, most = function
    if not least <= len(node.parts) <= most:
        raise MathError(f"The function {name} does not take {len(node.parts)} arguments")
    return compute(context, *(evaluate(part, context) for part in node.parts))


def _series_of(value: Value) -> list[TimeSeries]:
    if isinstance(value, TimeSeries):
        return [value]
    if isinstance(value, list):
        return value
    raise MathError("An array holds time series")


def _numbers(name: str, value: Value) -> Any:
    """The value, which is no text. Raises MathError."""
    if isinstance(value, str):
        raise MathError(f"The function {name} takes no text")
    return value


# --- kinds of functions


def _each(name: str, change: Callable[[float], float]) -> Callable[..., Value]:
    """Of each number."""

    def compute(_context: Context, value: Value) -> Value:
        given: Any = _numbers(name, value)
        if isinstance(given, list):
            return [one.mapped(change) for one in given]
        return given.mapped(change) if isinstance(given, TimeSeries) else change(given)

    return compute


def _all(name: str, reduce: Callable[[Sequence[float]], float]) -> Callable[..., Value]:
    """A series becomes a number; an array a series, point by point."""

    def compute(_context: Context, value: Value) -> Value:
        given: Any = _numbers(name, value)
        if isinstance(given, list):
            return _across(given, reduce)
        if isinstance(given, TimeSeries):
            return reduce(list(given.points.values())) if given.points else math.nan
        return reduce([given])

    return compute


def _across(series: Sequence[TimeSeries], reduce: Callable[[Sequence[float]], float]) -> TimeSeries:
    found: dict[int, list[float]] = {}
    for one in series:
        for at, value in one.points.items():
            found.setdefault(at, []).append(value)
    period = max((one.period for one in series), default=60)
    return TimeSeries({at: float(reduce(values)) for at, values in sorted(found.items())}, period)


def _whole(name: str, change: Callable[[TimeSeries, Context], TimeSeries]) -> Callable[..., Value]:
    """Of each series as a whole."""

    def compute(context: Context, value: Value) -> Value:
        if isinstance(value, list):
            return [change(one, context) for one in value]
        if not isinstance(value, TimeSeries):
            raise MathError(f"The function {name} takes a time series")
        return change(value, context)

    return compute


def _of_time(part: Callable[[datetime], float]) -> Callable[[TimeSeries, Context], TimeSeries]:
    def change(series: TimeSeries, context: Context) -> TimeSeries:
        times = context.times(series.period)
        return replace(series, points={at: float(part(datetime.fromtimestamp(at, UTC))) for at in times})

    return change


# --- single functions


def _steps(series: TimeSeries) -> list[tuple[int, float, int, float]]:
    """Each point with the one before: time, value, time before, value before."""
    points = sorted(series.points.items())
    return [(at, value, *points[place]) for place, (at, value) in enumerate(points[1:])]


def _diff(series: TimeSeries, _context: Context) -> TimeSeries:
    return replace(series, points={at: value - before for at, value, _, before in _steps(series)})


def _diff_time(series: TimeSeries, _context: Context) -> TimeSeries:
    return replace(series, points={at: float(at - then) for at, _, then, _ in _steps(series)})


def _rate(series: TimeSeries, _context: Context) -> TimeSeries:
    return replace(series, points={at: (value - before) / (at - then) for at, value, then, before in _steps(series)})


def _running_sum(series: TimeSeries, _context: Context) -> TimeSeries:
    total, points = 0.0, {}
    for at, value in sorted(series.points.items()):
        total += value
        points[at] = total
    return replace(series, points=points)


def _fill(context: Context, value: Value, filler: Value) -> Value:
    if isinstance(filler, str) and filler not in ("REPEAT", "LINEAR"):
        raise MathError("FILL takes a number, REPEAT, LINEAR or a time series")
    if isinstance(value, list):
        return [_filled(one, filler, context) for one in value]
    if not isinstance(value, TimeSeries):
        raise MathError("The function FILL takes a time series")
    return _filled(value, filler, context)


def _filled(series: TimeSeries, filler: Value, context: Context) -> TimeSeries:
    points, known = {}, sorted(series.points)
    for at in context.times(series.period):
        found = series.points.get(at)
        if found is None:
            found = _filling(series, filler, known, at)
        if found is not None:
            points[at] = found
    return replace(series, points=points)


def _filling(series: TimeSeries, filler: Value, known: list[int], at: int) -> float | None:
    if isinstance(filler, TimeSeries):
        return filler.points.get(at)
    if isinstance(filler, int | float):
        return float(filler)
    before = max((one for one in known if one < at), default=None)
    if filler == "REPEAT":
        return series.points[before] if before is not None else None
    after = min((one for one in known if one > at), default=None)
    if before is None or after is None:
        return None
    share = (at - before) / (after - before)
    return series.points[before] + (series.points[after] - series.points[before]) * share


def _if(context: Context, condition: Value, yes: Value, no: Value | None = None) -> Value:
    """Point by point where anything is a series."""
    if isinstance(condition, list) or isinstance(yes, list) or isinstance(no, list):
        raise MathError("The function IF takes no arrays")
    found = [one for one in (condition, yes, no) if isinstance(one, TimeSeries)]
    if not found:
        if not _at(condition, 0):
            return math.nan if no is None else no
        return yes
    times = sorted({at for one in found for at in one.points})
    points = {}
    for at in times:
        said = _at(condition, at)
        value = None if said is None else _at(yes if said else no, at)
        if value is not None:
            points[at] = value
    return TimeSeries(points, max(one.period for one in found))


def _at(value: Value | None, at: int) -> float | None:
    if isinstance(value, TimeSeries):
        return value.points.get(at)
    return float(value) if isinstance(value, int | float) else None


def _first(place: int) -> Callable[..., Value]:
    def compute(_context: Context, value: Value) -> Value:
        if isinstance(value, list):
            return value[place] if value else TimeSeries({}, 60)
        if isinstance(value, TimeSeries) and value.points:
            return value.points[sorted(value.points)[place]]
        return math.nan

    return compute


def _metrics(context: Context, wanted: Value = "") -> Value:
    return [one for one in context.metrics if str(wanted) in one.id]


def _slice(_context: Context, value: Value, start: Value, end: Value | None = None) -> Value:
    if not isinstance(value, list) or not isinstance(start, int | float):
        raise MathError("The function SLICE takes an array and the numbers of its first and last members")
    found = value[int(start) : int(end)] if isinstance(end, int | float) else value[int(start) :]
    return found


def _sort(_context: Context, value: Value, by: Value, order: Value, most: Value | None = None) -> Value:
    reduce = REDUCING.get(str(by))
    if not isinstance(value, list) or reduce is None or order not in ("ASC", "DESC"):
        raise MathError("The function SORT takes an array, one of AVG, MAX, MIN, SUM, and ASC or DESC")
    ordered = sorted(
        (one for one in value if one.points),
        key=lambda one: reduce(list(one.points.values())),
        reverse=order == "DESC",
    )
    return ordered[: int(most)] if isinstance(most, int | float) else ordered


def _time_series(context: Context, value: Value) -> Value:
    if not isinstance(value, int | float):
        raise MathError("The function TIME_SERIES takes a number")
    return TimeSeries({at: float(value) for at in context.times(context.period)}, context.period)


def _count_points(context: Context, value: Value) -> Value:
    return _all("DATAPOINT_COUNT", lambda values: float(len(values)))(context, value)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


REDUCING: dict[str, Callable[[Sequence[float]], float]] = {
    "AVG": _mean,
    "MAX": max,
    "MIN": min,
    "SUM": math.fsum,
    "STDDEV": statistics.pstdev,
}
TIMES: dict[str, Callable[[datetime], float]] = {
    "EPOCH": lambda moment: moment.timestamp(),
    "MINUTE": lambda moment: moment.minute,
    "HOUR": lambda moment: moment.hour,
    "DAY": lambda moment: moment.isoweekday(),
    "DATE": lambda moment: moment.day,
    "MONTH": lambda moment: moment.month,
    "YEAR": lambda moment: moment.year,
}
FUNCTIONS: dict[str, tuple[Callable[..., Value], int, int]] = {
    **{name: (_all(name, reduce), 1, 1) for name, reduce in REDUCING.items()},
    **{name: (_whole(name, _of_time(part)), 1, 1) for name, part in TIMES.items()},
    "ABS": (_each("ABS", abs), 1, 1),
    "CEIL": (_each("CEIL", math.ceil), 1, 1),
    "FLOOR": (_each("FLOOR", math.floor), 1, 1),
    "LOG": (_each("LOG", math.log), 1, 1),
    "LOG10": (_each("LOG10", math.log10), 1, 1),
    "DATAPOINT_COUNT": (_count_points, 1, 1),
    "DIFF": (_whole("DIFF", _diff), 1, 1),
    "DIFF_TIME": (_whole("DIFF_TIME", _diff_time), 1, 1),
    "RATE": (_whole("RATE", _rate), 1, 1),
    "RUNNING_SUM": (_whole("RUNNING_SUM", _running_sum), 1, 1),
    "FILL": (_fill, 2, 2),
    "FIRST": (_first(0), 1, 1),
    "LAST": (_first(-1), 1, 1),
    "IF": (_if, 2, 3),
    "METRICS": (_metrics, 0, 1),
    "METRIC_COUNT": (lambda _context, value: float(len(_series_of(value))), 1, 1),
    "PERIOD": (lambda _context, value: float(_series_of(value)[0].period), 1, 1),
    "REMOVE_EMPTY": (lambda _context, value: [one for one in _series_of(value) if one.points], 1, 1),
    "SLICE": (_slice, 2, 3),
    "SORT": (_sort, 3, 4),
    "TIME_SERIES": (_time_series, 1, 1),
}
"""Name -> what it computes, and how many arguments it takes at least and at most."""
