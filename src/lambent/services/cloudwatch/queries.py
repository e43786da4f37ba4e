"""MetricDataQueries, carried out: metrics are read, expressions evaluated. For GetMetricData and for alarms.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lambent.engine import metric_math, metric_search
from lambent.engine.metric_functions import NotBuilt, evaluate
from lambent.engine.metric_math import Context, MathError, Node, TimeSeries, Value
from lambent.engine.statistics import Statistic, statistic
from lambent.model.metric import Metric
from lambent.model.scope import Scope
from lambent.observe.errors import NotKept
from lambent.services.cloudwatch import faults
from lambent.services.cloudwatch.env import CloudWatchEnv
from lambent.services.cloudwatch.put_metric_data import read_dimensions

ID = re.compile(r"[a-z][a-zA-Z0-9_]*")
MOST_QUERIES, MOST_FOUND = 500, 500
MOST_WAY = 100
"""Expressions that need one another, one after another."""
SHORT_PERIODS = (1, 5, 10, 20, 30)
DEFAULT_PERIOD = 300
Query = Mapping[str, Any]


class Queries:
    """The queries of one request, checked. Raises Fault for what is none; `run` carries them out."""

    def __init__(self, queries: Sequence[Query], where: str = "MetricDataQueries") -> None:
        if not queries:
            raise faults.missing(where)
        if len(queries) > MOST_QUERIES:
            raise faults.too_many(where, MOST_QUERIES)
        self.by_id: dict[str, Query] = {}
        self.nodes: dict[str, Node] = {}
        self.statistics: dict[str, Statistic] = {}
        for at, query in enumerate(queries, 1):
            self._take(query, f"{where}.member.{at}")
        good: set[str] = set()
        for name in self.nodes:
            self._check_names(name, good)

    def _take(self, query: Query, where: str) -> None:
        name = query["Id"]
        if not ID.fullmatch(name):
            text = "must start with a lowercase letter and hold letters, numbers and underscores only"
            raise faults.validation(f"The value {name} for parameter {where}.Id is invalid: it {text}.")  # our wording
        if name in self.by_id:
            raise faults.validation(f"The values for parameter id in MetricDataQueries are not unique: {name}.")
        if ("MetricStat" in query) == ("Expression" in query):
            raise faults.validation(f"Exactly one of MetricStat and Expression is needed in {where}.")  # our wording
        self.by_id[name] = query
        if "MetricStat" in query:
            self.statistics[name] = checked_statistic(query["MetricStat"]["Stat"], f"{where}.MetricStat.Stat")
            check_period(query["MetricStat"]["Period"], f"{where}.MetricStat.Period")
        else:
            if "Period" in query:
                check_period(query["Period"], f"{where}.Period")
            self.nodes[name] = _parsed(name, query["Expression"])

    def _check_names(self, name: str, good: set[str], way: tuple[str, ...] = ()) -> None:
        """Everything that an expression names is there, and none needs itself; `good` are those of which it is known.
        Raises Fault."""
        if name in good:
            return
        if name in way or len(way) > MOST_WAY:
            raise _in_error(name, "it refers to itself" if name in way else "it needs too many others")
        node = self.nodes.get(name)
        for needed in metric_math.names(node) if node is not None else ():
            if needed in self.by_id:
                self._check_names(needed, good, (*way, name))
            elif not needed[:1].isupper():
                raise _in_error(name, f"Unknown id '{needed}'")
        good.add(name)

    @property
    def period(self) -> int:
        """The longest of all: that of what has none of its own."""
        periods = [query["MetricStat"]["Period"] for query in self.by_id.values() if "MetricStat" in query]
        periods += [query["Period"] for query in self.by_id.values() if "Period" in query]
        return max(periods, default=DEFAULT_PERIOD)

    async def run(self, env: CloudWatchEnv, scope: Scope, start: int, end: int) -> dict[str, list[TimeSeries]]:
        """The series of each query, from `start` until before `end` (seconds since 1970). Raises Fault."""
        await env.settle()
        values: dict[str, Value] = {}
        for name, query in self.by_id.items():
            if "MetricStat" in query:
                values[name] = await self._metric(env, scope, name, start, end)
        metrics = tuple(one for one in values.values() if isinstance(one, TimeSeries))
        context = Context(values, start, end, self.period, metrics)
        for name in self.nodes:
            await self._evaluate(env, scope, name, values, context)
        return {name: _series(name, self.by_id[name], value) for name, value in values.items()}

    async def _metric(self, env: CloudWatchEnv, scope: Scope, name: str, start: int, end: int) -> TimeSeries:
        said, query = self.by_id[name]["MetricStat"], self.by_id[name]
        metric = Metric(scope, said["Metric"].get("Namespace", ""), said["Metric"].get("MetricName", ""))
        metric = metric._replace(dimensions=read_dimensions(said["Metric"]))
        if query.get("AccountId", scope.account) != scope.account:
            return TimeSeries({}, said["Period"], metric.name, name)
        series = await read(env, metric, said.get("Unit"), self.statistics[name], start, end, said["Period"])
        return replace(series, id=name)

    async def _evaluate(
        self, env: CloudWatchEnv, scope: Scope, name: str, values: dict[str, Value], context: Context
    ) -> None:
        """An expression, after those that it needs."""
        if name in values:
            return
        node = self.nodes[name]
        for needed in metric_math.names(node):
            if needed in self.nodes:
                await self._evaluate(env, scope, needed, values, context)
        period = self.by_id[name].get("Period") or context.period
        found = {one: await _search(env, scope, name, one, period, context) for one in metric_math.searches(node)}
        try:
            values[name] = evaluate(node, replace(context, found=found, period=period))
        except NotBuilt as error:
            raise faults.unsupported(f"{error} of metric math") from error
        except MathError as error:
            raise _in_error(name, str(error)) from error


async def read(
    env: CloudWatchEnv, metric: Metric, unit: str | None, wanted: Statistic, start: int, end: int, period: int
) -> TimeSeries:
    """One statistic of a metric. Raises Fault."""
    try:
        buckets = await env.series.read(metric, unit, start, end, period)
    except NotKept as error:
        raise faults.unkept(str(error)) from error
    points = ((at, wanted.compute(bucket)) for at, bucket in sorted(buckets.items()))
    return TimeSeries({at: value for at, value in points if value is not None}, period, metric.name)


async def _search(
    env: CloudWatchEnv, scope: Scope, name: str, node: Node, period: int, context: Context
) -> list[TimeSeries]:
    """What a SEARCH finds: the statistic of each metric. Raises Fault."""
    kinds = [part.kind for part in node.parts]
    if kinds not in (["text", "text"], ["text", "text", "number"]):
        raise _in_error(name, "SEARCH takes a search expression, a statistic and a period")
    text, stat, *given = (part.value for part in node.parts)
    wanted = checked_statistic(stat, "Stat")
    period = int(given[0]) if given else period
    check_period(period, "Period")
    try:
        meant = metric_search.compiled(text)
    except MathError as error:
        raise _in_error(name, str(error)) from error
    found = [metric for metric in env.series.listed(scope) if meant(metric)][:MOST_FOUND]
    series = [await read(env, metric, None, wanted, context.start, context.end, period) for metric in found]
    return [replace(one, label=_told(metric)) for metric, one in zip(found, series, strict=True)]


def _told(metric: Metric) -> str:
    """The label of a metric that was searched for: what tells it from others."""
    return " ".join([*(value for _, value in metric.dimensions), metric.name])


def _series(name: str, query: Query, value: Value) -> list[TimeSeries]:
    """What a query answers. Raises Fault."""
    if isinstance(value, TimeSeries):
        return [replace(value, label=value.label if "MetricStat" in query else name)]
    if isinstance(value, list):
        return [replace(one, label=one.label or name) for one in value]
    if query.get("ReturnData", True):
        raise _in_error(name, "The expression must return a time series")
    return []


def _parsed(name: str, text: str) -> Node:
    if text.lstrip()[:7].upper() == "SELECT ":
        raise faults.unsupported("Metrics Insights queries (SELECT)")
    try:
        return metric_math.parse(text)
    except MathError as error:
        raise _in_error(name, str(error)) from error


def _in_error(name: str, text: str) -> Exception:
    return faults.validation(f"Error in expression '{name}': {text}")


def checked_statistic(name: str, where: str) -> Statistic:
    """The statistic of a name. Raises Fault."""
    found = statistic(name)
    if found is None:
        raise faults.value(f"The value {name} for parameter {where} is not supported.")
    return found


def check_period(period: int, where: str) -> None:
    """Raise Fault for a period that is none."""
    if period not in SHORT_PERIODS and period % 60:
        text = "must be 1, 5, 10, 20, 30 or a multiple of 60"
        raise faults.value(f"The value {period} for parameter {where} is invalid: it {text}.")  # our wording
