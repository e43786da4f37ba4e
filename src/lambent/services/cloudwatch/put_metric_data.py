"""PutMetricData.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html; what is acknowledged is
on disk.
"""

import math
from datetime import datetime
from typing import Any

from lambent.engine.statistics import Bucket, statistic_set
from lambent.model.metric import NONE, Dimensions, Metric, Stream, dimensions_of
from lambent.model.scope import Caller
from lambent.observe.errors import NotKept
from lambent.services.cloudwatch import faults
from lambent.services.cloudwatch.env import CloudWatchEnv
from lambent.wire.fault import Fault

MOST_METRICS, MOST_VALUES = 1000, 150
MOST = 2.0**360
PAST_SECONDS, FUTURE_SECONDS = 14 * 86400, 2 * 3600
Datum = dict[str, Any]


async def put_metric_data(env: CloudWatchEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Take values. All of them, or none when one of them can't be."""
    namespace, data = params["Namespace"], params.get("MetricData") or []
    if "EntityMetricData" in params:
        raise faults.unsupported("EntityMetricData")
    if namespace.startswith("AWS/"):
        raise faults.value(f"The value {namespace} for parameter Namespace is invalid.")
    if not data:
        raise faults.missing("MetricData")
    if len(data) > MOST_METRICS:
        raise faults.too_many("MetricData", MOST_METRICS)
    now = env.clock()
    found = [
        (datum, _bucket(datum, f"MetricData.member.{at}"), _time(datum, now, at)) for at, datum in enumerate(data, 1)
    ]
    dimensions = [_dimensions(datum, f"MetricData.member.{at}.Dimensions") for at, datum in enumerate(data, 1)]
    for at, (datum, bucket, when) in enumerate(found, 1):
        metric = Metric(caller.scope, namespace, datum["MetricName"], dimensions[at - 1])
        kept = env.series.add_set(Stream(metric, datum.get("Unit", NONE)), when, bucket, _resolution(datum, at))
        if not kept:
            raise Fault("LimitExceededFault", "Lambent keeps no more metrics: there are too many already.")
    try:
        await env.series.flush()
    except NotKept as error:
        raise faults.unkept(str(error)) from error
    return {}


def read_dimensions(said: dict[str, Any], where: str = "") -> Dimensions:
    """The dimensions of a request. Raises Fault."""
    pairs = [(one["Name"], one["Value"]) for one in said.get("Dimensions") or ()]
    if len({name for name, _ in pairs}) != len(pairs):
        raise faults.value(f"The parameter {where}Dimensions names a dimension more than once.")  # our wording
    return dimensions_of(pairs)


def _dimensions(datum: Datum, where: str) -> Dimensions:
    """Those of a datum, which are ASCII that is seen; their names begin with no colon. Raises Fault.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html
    """
    for at, one in enumerate(datum.get("Dimensions") or (), 1):
        for member in ("Name", "Value"):
            text = one[member]
            good = text.isascii() and text.isprintable() and text.strip()
            if not good or (member == "Name" and text.startswith(":")):
                raise faults.value(f"The value {text} for parameter {where}.member.{at}.{member} is invalid.")
    return read_dimensions(datum, where.removesuffix("Dimensions"))


def _bucket(datum: Datum, where: str) -> Bucket:
    """The values of a datum. Raises Fault."""
    given = [name for name in ("Value", "Values", "StatisticValues") if datum.get(name) is not None]
    if not given:
        raise faults.combination("At least one of the parameters must be specified.")
    if len(given) > 1:
        raise faults.exclusive(f"{where}.{given[0]}", f"{where}.{given[1]}")
    if given == ["StatisticValues"]:
        return _set(datum["StatisticValues"], f"{where}.StatisticValues")
    if given == ["Value"]:
        values, counts = [datum["Value"]], [1.0]
        _check(values, f"{where}.Value")
    else:
        values, counts = datum["Values"], datum.get("Counts") or [1.0] * len(datum["Values"])
        _check_values(values, counts, where)
    bucket = Bucket()
    for value, count in zip(values, counts, strict=True):
        bucket.add(value, count)
    return bucket


def _check_values(values: list[float], counts: list[float], where: str) -> None:
    for name, given in (("Values", values), ("Counts", counts)):
        if len(given) > MOST_VALUES:
            raise faults.too_many(f"{where}.{name}", MOST_VALUES)
        if not given:
            raise faults.missing(f"{where}.{name}")
        _check(given, f"{where}.{name}")
    if len(values) != len(counts):
        raise faults.value(f"The parameters {where}.Values and {where}.Counts must be of the same size.")
    if any(count <= 0 for count in counts):
        raise faults.value(f"The parameter {where}.Counts must be greater than 0.")  # our wording


def _check(values: list[float], where: str) -> None:
    for value in values:
        if not math.isfinite(value) or abs(value) > MOST:
            raise faults.value(f"The value {value} for parameter {where} is invalid.")


def _set(said: dict[str, float], where: str) -> Bucket:
    count, low, high = said["SampleCount"], said["Minimum"], said["Maximum"]
    for name, value in said.items():
        _check([value], f"{where}.{name}")
    if count <= 0:
        raise faults.value(f"The parameter {where}.SampleCount must be greater than 0.")  # our wording
    if low > high:
        raise faults.value(f"The parameter {where}.Maximum must be greater than or equal to Minimum.")  # our wording
    return statistic_set(count, said["Sum"], low, high)


def _time(datum: Datum, now: float, at: int) -> float:
    moment: datetime | None = datum.get("Timestamp")
    if moment is None:
        return now
    when, where = moment.timestamp(), f"MetricData.member.{at}.Timestamp"
    if when < now - PAST_SECONDS:
        raise faults.value(f"The parameter {where} must specify a time within the past two weeks.")
    if when > now + FUTURE_SECONDS:
        raise faults.value(f"The parameter {where} must specify a time no more than two hours in the future.")
    return when


def _resolution(datum: Datum, at: int) -> int:
    resolution: int = datum.get("StorageResolution", 60)
    if resolution not in (1, 60):
        raise faults.value(f"The parameter MetricData.member.{at}.StorageResolution must be 1 or 60.")  # our wording
    return resolution
