"""PutMetricFilter, DescribeMetricFilters, DeleteMetricFilter, TestMetricFilter.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
"""

import asyncio
from typing import Any

from lambent.model.scope import Caller, Scope
from lambent.observe.filterpattern import PatternError
from lambent.observe.metric_filters import MetricFilter, Pattern, made
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.faults import invalid, unsupported, worded
from lambent.services.logs.paging import page
from lambent.store.resources import Resource, Resources
from lambent.wire.fault import Fault

KIND = "logs/metric-filter"
MOST, MOST_DIMENSIONS = 100, 3
REFUSED = ("applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFieldDimensions")


class Compiled:
    """The filters of log groups, compiled once. May be asked from any thread."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._known: dict[tuple[Scope, str], tuple[MetricFilter, ...]] = {}
        for one in resources.of_kind(KIND):
            self.refresh(one.scope, one.parent)

    def refresh(self, scope: Scope, group: str) -> None:
        """The filters of a group have changed."""
        children = self._resources.children(KIND, scope, group)
        self._known[scope, group] = tuple(made(scope, one.document["shown"]) for one in children)

    def of(self, scope: Scope, group: str) -> tuple[MetricFilter, ...]:
        """Those of a group."""
        return self._known.get((scope, group), ())


async def put_metric_filter(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Make a filter, or put its settings in the place of those that it had."""
    group, name = params["logGroupName"], params["filterName"]
    for setting in REFUSED:
        if params.get(setting):
            raise unsupported(setting)
    with worded():
        env.store.group(caller.scope, group)
    _check(params)
    there = env.resources.get(KIND, caller.scope, group, name)
    if there is None and len(env.resources.children(KIND, caller.scope, group)) >= MOST:
        raise Fault("LimitExceededException", "Resource limit exceeded.")
    shown = {member: params[member] for member in ("filterName", "filterPattern", "metricTransformations")}
    shown |= {"logGroupName": group, "creationTime": int(env.clock() * 1000)}
    await env.resources.put(Resource(KIND, caller.scope, group, name, env.new_id(), {"shown": shown}))
    env.filters.refresh(caller.scope, group)
    return {}


def _check(params: dict[str, Any]) -> None:
    """Raise Fault for what can't be a filter."""
    pattern = _pattern(params["filterPattern"])
    [said] = params["metricTransformations"]
    value, dimensions = said["metricValue"], said.get("dimensions") or {}
    if not value.startswith("$"):
        try:
            float(value)
        except ValueError:
            raise invalid(f"Invalid metric transformation: metricValue is no number: {value}") from None  # our wording
    elif not pattern.text.startswith(("{", "[")):
        raise invalid(f"Invalid metric transformation: the filter pattern has no field {value}")  # our wording
    if dimensions and "defaultValue" in said:
        raise invalid("Invalid metric transformation: dimensions and default value are mutually exclusive properties.")
    if len(dimensions) > MOST_DIMENSIONS:
        raise invalid(f"Invalid metric transformation: more than {MOST_DIMENSIONS} dimensions")  # our wording


def _pattern(text: str) -> Pattern:
    try:
        return Pattern(text)
    except PatternError as error:
        raise invalid(str(error)) from error


async def describe_metric_filters(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The filters of a group, of names that begin alike, or of a metric."""
    if ("metricName" in params) != ("metricNamespace" in params):
        raise invalid("metricName and metricNamespace have to be given together.")  # our wording
    group = params.get("logGroupName")
    if group is not None:
        with worded():
            env.store.group(caller.scope, group)
    found = env.resources.children(KIND, caller.scope, group) if group else env.resources.all(KIND, caller.scope)
    chosen = [one.document["shown"] for one in found if _is_meant(one.document["shown"], params)]
    shown, token = page(chosen, _key, params.get("limit"), params.get("nextToken"))
    return {"metricFilters": shown, "nextToken": token}


def _key(shown: dict[str, Any]) -> str:
    return f"{shown['logGroupName']}:{shown['filterName']}"


def _is_meant(shown: dict[str, Any], params: dict[str, Any]) -> bool:
    [said] = shown["metricTransformations"]
    return bool(
        shown["filterName"].startswith(params.get("filterNamePrefix", ""))
        and params.get("metricName", said["metricName"]) == said["metricName"]
        and params.get("metricNamespace", said["metricNamespace"]) == said["metricNamespace"]
    )


async def delete_metric_filter(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Count no more."""
    group, name = params["logGroupName"], params["filterName"]
    with worded():
        env.store.group(caller.scope, group)
    found = env.resources.get(KIND, caller.scope, group, name)
    if found is None:
        raise Fault("ResourceNotFoundException", "The specified metric filter does not exist.")
    await env.resources.discard(found)
    env.filters.refresh(caller.scope, group)
    return {}


async def forget_filters(env: LogsEnv, scope: Scope, group: str) -> None:
    """A log group is gone."""
    found = env.resources.children(KIND, scope, group)
    for one in found:
        await env.resources.discard(one)
    if found:
        env.filters.refresh(scope, group)


async def test_metric_filter(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Which of some messages a pattern matches, and what its selectors find in them."""
    pattern = _pattern(params["filterPattern"])
    return {"matches": await asyncio.to_thread(_matched, pattern, params["logEventMessages"])}


def _matched(pattern: Pattern, messages: list[str]) -> list[dict[str, Any]]:
    return [
        {"eventNumber": at, "eventMessage": message, "extractedValues": pattern.extracted(message)}
        for at, message in enumerate(messages, 1)
        if pattern.matches(message)
    ]
