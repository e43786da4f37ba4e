"""GetMetricStatistics.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
"""

from typing import Any

from lambent.engine.statistics import Statistic
from lambent.model.metric import Metric
from lambent.model.scope import Caller
from lambent.observe.errors import NotKept
from lambent.services.cloudwatch import faults
from lambent.services.cloudwatch.env import CloudWatchEnv
from lambent.services.cloudwatch.get_metric_data import rounded
from lambent.services.cloudwatch.put_metric_data import read_dimensions
from lambent.services.cloudwatch.queries import check_period, checked_statistic

MOST_POINTS = 1440


async def get_metric_statistics(env: CloudWatchEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Statistics of one metric, a data point for each period and unit."""
    wanted = _wanted(params)
    period, start, end = params["Period"], params["StartTime"].timestamp(), params["EndTime"].timestamp()
    check_period(period, "Period")
    if start >= end:
        way = "must not equal parameter" if start == end else "must be less than the parameter"
        raise faults.combination(f"The parameter StartTime {way} EndTime.")
    first = rounded(start, env.clock(), period)
    asked = -(-int(end - first) // period)
    if asked > MOST_POINTS:
        raise faults.combination(
            f"You have requested up to {asked:,} datapoints, which exceeds the limit of {MOST_POINTS:,}. "
            "You may reduce the datapoints requested by increasing Period, or decreasing the time range."
        )
    metric = Metric(caller.scope, params["Namespace"], params["MetricName"], read_dimensions(params))
    await env.settle()
    units = [params["Unit"]] if "Unit" in params else env.series.units(metric)
    points = [one for unit in units for one in await _points(env, metric, unit, wanted, first, int(end), period)]
    return {"Label": metric.name, "Datapoints": points}


def _wanted(params: dict[str, Any]) -> list[Statistic]:
    plain, extended = params.get("Statistics") or [], params.get("ExtendedStatistics") or []
    if plain and extended:
        raise faults.exclusive("Statistics", "ExtendedStatistics")
    if not plain and not extended:
        raise faults.combination("At least one of the parameters Statistics and ExtendedStatistics must be specified.")
    return [checked_statistic(name, "ExtendedStatistics" if extended else "Statistics") for name in plain or extended]


async def _points(
    env: CloudWatchEnv, metric: Metric, unit: str, wanted: list[Statistic], start: int, end: int, period: int
) -> list[dict[str, Any]]:
    try:
        buckets = await env.series.read(metric, unit, start, end, period)
    except NotKept as error:
        raise faults.unkept(str(error)) from error
    points = []
    for at, bucket in sorted(buckets.items()):
        found = {one.name: value for one in wanted if (value := one.compute(bucket)) is not None}
        extended = {one.name: found.pop(one.name) for one in wanted if one.known and one.name in found}
        if found or extended:
            said = {"Timestamp": float(at), **found, "Unit": unit}
            points.append(said | ({"ExtendedStatistics": extended} if extended else {}))
    return points
