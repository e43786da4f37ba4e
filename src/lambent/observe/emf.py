"""Metrics in log lines: the embedded metric format.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html;
what is counted of lines that are wrong:
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
"""

import functools
import math
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

import orjson

from lambent.model.metric import NONE, Metric, Sample, Stream
from lambent.model.scope import Scope

MARK = '"CloudWatchMetrics"'
"""What every such line has in it."""
MOST_METRICS, MOST_DIMENSIONS, MOST_VALUES, MOST_NAME = 100, 30, 100, 1024
MOST_NAMESPACE, MOST = 256, 2.0**360
MOST_SAMPLES = 20_000
"""Of one line, which would say a million in 60 KB: a hundred metrics by a hundred sets by a hundred values. Ours."""
USUAL_BYTES = 2_048
"""Of directives that are remembered."""
PAST_MS, FUTURE_MS = 14 * 86_400_000, 2 * 3_600_000
PARSING, VALIDATION = "EMFParsingErrors", "EMFValidationErrors"
UNITS = frozenset(
    f"{unit}{rate}"
    for rate in ("", "/Second")
    for unit in (
        *("Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes"),
        *("Bits", "Kilobits", "Megabits", "Gigabits", "Terabits", "Count"),
    )
) | {"Seconds", "Microseconds", "Milliseconds", "Percent", NONE}


class Malformed(Exception):
    """A line that says that it has metrics, and is wrong: `counted` is the metric of AWS's that counts it."""

    def __init__(self, counted: str, reason: str) -> None:
        super().__init__(reason)
        self.counted = counted
        self.reason = reason


def samples(scope: Scope, message: str, now_ms: int, real_ms: int | None = None) -> list[Sample]:
    """The samples of a line that has `MARK` in it; none if it is not in this format at all. Raises Malformed.

    `now_ms` is the platform's time. A line whose time is nearer to the machine's, `real_ms`, is of a function that
    reads that: its samples are moved to the platform's.
    """
    try:
        root = orjson.loads(message)
    except orjson.JSONDecodeError:
        if message.lstrip().startswith("{") and '"_aws"' in message:
            raise Malformed(PARSING, "it is no JSON") from None
        return []
    said = root.get("_aws") if isinstance(root, dict) else None
    if not isinstance(said, dict) or "CloudWatchMetrics" not in said:
        return []
    at, directives = said.get("Timestamp"), said["CloudWatchMetrics"]
    if isinstance(at, bool) or not isinstance(at, int | float):
        raise Malformed(PARSING, "its _aws.Timestamp is no number")
    if not isinstance(directives, list):
        raise Malformed(PARSING, "its _aws.CloudWatchMetrics is no array")
    if real_ms is not None and abs(at - real_ms) < abs(at - now_ms):
        at += now_ms - real_ms
    if not now_ms - PAST_MS <= at <= now_ms + FUTURE_MS:
        raise Malformed(VALIDATION, "its _aws.Timestamp is not of the last two weeks (it is in milliseconds)")
    plan = _planned(orjson.dumps(directives))
    found = list(islice(_samples(scope, root, plan, at / 1000), MOST_SAMPLES + 1))
    if len(found) > MOST_SAMPLES:
        raise Malformed(VALIDATION, f"its metrics, sets of dimensions and values make more than {MOST_SAMPLES} samples")
    return found


class _Directive(NamedTuple):
    """What a directive asks for: sets of names of dimensions; name, unit and resolution of each metric."""

    namespace: str
    sets: tuple[tuple[str, ...], ...]
    metrics: tuple[tuple[str, str, int], ...]


Plan = tuple[_Directive, ...]


def _planned(directives: bytes) -> Plan:
    """Most lines of a function have the same directives: those of usual length are read once."""
    return _read_once(directives) if len(directives) <= USUAL_BYTES else _read(directives)


def _read(directives: bytes) -> Plan:
    return tuple(map(_directive, orjson.loads(directives)))


_read_once = functools.lru_cache(maxsize=512)(_read)


def _directive(said: Any) -> _Directive:
    if not isinstance(said, dict) or not isinstance(said.get("Metrics"), list):
        raise Malformed(PARSING, "a directive has no Metrics")
    namespace, metrics = said.get("Namespace"), said["Metrics"]
    if not isinstance(namespace, str) or not 0 < len(namespace) <= MOST_NAMESPACE:
        raise Malformed(VALIDATION, "a directive has no Namespace")
    if len(metrics) > MOST_METRICS:
        raise Malformed(VALIDATION, f"a directive has more than {MOST_METRICS} metrics")
    return _Directive(namespace, _sets(said.get("Dimensions", [[]])), tuple(map(_metric, metrics)))


def _sets(said: Any) -> tuple[tuple[str, ...], ...]:
    """The names of each set of dimensions; an empty list is one without any."""
    if not isinstance(said, list) or not all(isinstance(one, list) for one in said):
        raise Malformed(PARSING, "its Dimensions are no array of arrays")
    for names in said:
        if len(names) > MOST_DIMENSIONS:
            raise Malformed(VALIDATION, f"a set has more than {MOST_DIMENSIONS} dimensions")
        for name in names:
            if not isinstance(name, str):
                raise Malformed(VALIDATION, f"the dimension {name!r} has no text as its value")
    return tuple(map(tuple, said)) or ((),)


def _metric(said: Any) -> tuple[str, str, int]:
    """Name, unit and resolution of a metric."""
    name = said.get("Name") if isinstance(said, dict) else None
    if not isinstance(name, str) or not 0 < len(name) <= MOST_NAME:
        raise Malformed(PARSING, "a metric has no Name")
    unit, resolution = said.get("Unit") or NONE, said.get("StorageResolution", 60)
    if not isinstance(unit, str) or unit not in UNITS:
        raise Malformed(VALIDATION, f"the metric {name} has the Unit {unit!r}")
    if resolution not in (1, 60):
        raise Malformed(VALIDATION, f"the metric {name} has the StorageResolution {resolution!r}")
    return name, unit, resolution


def _samples(scope: Scope, root: Mapping[str, Any], plan: Plan, at: float) -> Iterator[Sample]:
    for namespace, sets, metrics in plan:
        found = dict.fromkeys(tuple(sorted((name, _dimension(root, name)) for name in set(names))) for names in sets)
        for name, unit, resolution in metrics:
            values = _values(root, name)
            for dimensions in found:
                stream = Stream(Metric(scope, namespace, name, dimensions), unit)
                for value in values:
                    yield Sample(stream, at, value, 1.0, resolution)


def _dimension(root: Mapping[str, Any], name: str) -> str:
    value = root.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MOST_NAME:
        raise Malformed(VALIDATION, f"the dimension {name!r} has no text as its value")
    return value


def _values(root: Mapping[str, Any], name: str) -> list[float]:
    given = root.get(name)
    values: list[Any] = given if isinstance(given, list) else [given]
    if len(values) > MOST_VALUES:
        raise Malformed(VALIDATION, f"the metric {name} has more than {MOST_VALUES} values")
    if not all(map(_is_number, values)):
        raise Malformed(VALIDATION, f"the metric {name} has no numbers as its values")
    return [float(value) for value in values]


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and abs(value) <= MOST
    )
