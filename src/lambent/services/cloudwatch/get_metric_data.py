"""GetMetricData.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html; how the span is
rounded, under StartTime there.
"""

from collections.abc import Sequence
from typing import Any

from lambent.engine.metric_math import TimeSeries
from lambent.model.scope import Caller
from lambent.services.cloudwatch import faults, labels, paging
from lambent.services.cloudwatch.env import CloudWatchEnv
from lambent.services.cloudwatch.queries import Queries

MOST_POINTS = 100_800
DAY = 86400


async def get_metric_data(env: CloudWatchEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Series of metrics and expressions, by page of data points."""
    start, end = params["StartTime"].timestamp(), params["EndTime"].timestamp()
    if start >= end:
        way = "must not equal parameter" if start == end else "must be less than the parameter"
        raise faults.validation(f"The parameter StartTime {way} EndTime.")
    queries = Queries(params["MetricDataQueries"])
    first = rounded(start, env.clock(), queries.period)
    found = await queries.run(env, caller.scope, first, _last(end, queries.period))
    zone = labels.zone(params.get("LabelOptions") or {})
    descending = params.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    results = [
        _result(name, query, series, descending, zone)
        for name, query in queries.by_id.items()
        if query.get("ReturnData", True)
        for series in found[name]
    ]
    return _page(results, params) | {"Messages": []}


def rounded(start: float, now: float, period: int) -> int:
    """Where a span begins: at whole minutes, five minutes or hours, as it is kept."""
    age = now - start
    step = 3600 if age > 63 * DAY else 300 if age > 15 * DAY else 60 if period >= 60 else period
    return int(start // step) * step


def _last(end: float, period: int) -> int:
    return int(end) if end == int(end) else int(end) + 1


def _result(name: str, query: Any, series: TimeSeries, descending: bool, zone: Any) -> dict[str, Any]:
    times = sorted(series.points, reverse=descending)
    label = labels.written(query["Label"], query, series, zone) if query.get("Label") else series.label
    return {
        "Id": name,
        "Label": label,
        "Timestamps": [float(at) for at in times],
        "Values": [series.points[at] for at in times],
        "StatusCode": "Complete",
    }


def _page(results: Sequence[dict[str, Any]], params: dict[str, Any]) -> dict[str, Any]:
    """So many points of all results, one after another."""
    most = params.get("MaxDatapoints") or MOST_POINTS
    if not 0 < most <= MOST_POINTS:
        raise faults.value(f"The parameter MaxDatapoints must be between 1 and {MOST_POINTS}.")  # our wording
    skip, left, shown, cut = paging.number(params.get("NextToken")), most, [], False
    start = skip
    for one in results:
        count = len(one["Values"])
        if skip >= count and count:
            skip -= count
            continue
        if left <= 0:
            cut = cut or count > 0
            continue
        end = skip + left
        part = {name: one[name][skip:end] for name in ("Timestamps", "Values")}
        partial = end < count
        shown.append(one | part | {"StatusCode": "PartialData" if partial else "Complete"})
        left -= len(part["Values"])
        cut, skip = cut or partial, 0
    taken = start + (most - left)
    return {"MetricDataResults": shown, "NextToken": paging.token(str(taken)) if cut else None}
