"""DescribeAlarms, DescribeAlarmsForMetric, DescribeAlarmHistory."""

from typing import Any

from lambent.engine.alarm_rule import AlarmRule
from lambent.model.scope import Caller
from lambent.services.cloudwatch import faults, paging
from lambent.services.cloudwatch.alarms import alarm as alarms
from lambent.services.cloudwatch.alarms import history
from lambent.services.cloudwatch.alarms.put_composite_alarm import child_name
from lambent.services.cloudwatch.env import CloudWatchEnv
from lambent.services.cloudwatch.put_metric_data import read_dimensions
from lambent.store.resources import Resource

PAGE = 50


async def describe_alarms(env: CloudWatchEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Metric alarms, unless other types are asked for; by name, prefix, state, relation."""
    if params.get("AlarmNames") and params.get("AlarmNamePrefix"):
        raise faults.exclusive("AlarmNames", "AlarmNamePrefix")
    types = params.get("AlarmTypes") or [alarms.METRIC]
    if {"ChildrenOfAlarmName", "ParentsOfAlarmName"} & params.keys():
        found = _related(env, caller, params)
    else:
        found = [one for one in env.resources.all(alarms.KIND, caller.scope) if _is_meant(one, params, types)]
    shown, token = paging.page(found, params.get("NextToken"), params.get("MaxRecords") or PAGE)
    told = {kind: [one.document["shown"] for one in shown if alarms.kind_of(one) == kind] for kind in _KINDS}
    return {"MetricAlarms": told[alarms.METRIC], "CompositeAlarms": told[alarms.COMPOSITE], "NextToken": token}


_KINDS = (alarms.METRIC, alarms.COMPOSITE)


def _is_meant(alarm: Resource, params: dict[str, Any], types: list[str]) -> bool:
    shown, named, prefix = alarm.document["shown"], params.get("AlarmNames"), params.get("ActionPrefix")
    actions = [arn for member in alarms.ACTIONS.values() for arn in shown[member]]
    return (
        alarms.kind_of(alarm) in types
        and (not named or alarm.name in named)
        and alarm.name.startswith(params.get("AlarmNamePrefix", ""))
        and params.get("StateValue", shown["StateValue"]) == shown["StateValue"]
        and (prefix is None or any(arn.startswith(prefix) for arn in actions))
    )


def _related(env: CloudWatchEnv, caller: Caller, params: dict[str, Any]) -> list[Resource]:
    """The children of a composite alarm, or the parents of an alarm."""
    if params.get("ChildrenOfAlarmName"):
        parent = alarms.find(env, caller.scope, params["ChildrenOfAlarmName"])
        names = [child_name(one) for one in AlarmRule(parent.document["shown"].get("AlarmRule", "TRUE")).children]
        found = [env.resources.get(alarms.KIND, caller.scope, "", name) for name in names]
        return [one for one in found if one is not None]
    return parents(env, alarms.find(env, caller.scope, params["ParentsOfAlarmName"]))


def parents(env: CloudWatchEnv, alarm: Resource) -> list[Resource]:
    """The composite alarms whose rules name an alarm."""
    found = []
    for one in env.resources.all(alarms.KIND, alarm.scope):
        rule = one.document["shown"].get("AlarmRule")
        if rule and alarm.name in map(child_name, AlarmRule(rule).children):
            found.append(one)
    return found


async def describe_alarms_for_metric(env: CloudWatchEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The alarms of one metric."""
    dimensions = read_dimensions(params)
    wanted = {name: params[name] for name in ("Statistic", "ExtendedStatistic", "Period", "Unit") if name in params}
    found = []
    for one in env.resources.all(alarms.KIND, caller.scope):
        shown = one.document["shown"]
        named = (shown.get("Namespace"), shown.get("MetricName"))
        asked = named == (params["Namespace"], params["MetricName"]) and read_dimensions(shown) == dimensions
        if asked and all(shown.get(name) == value for name, value in wanted.items()):
            found.append(shown)
    return {"MetricAlarms": found}


async def describe_alarm_history(env: CloudWatchEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """What happened to an alarm, or to all of them, the latest first."""
    if "AlarmContributorId" in params:
        raise faults.unsupported("AlarmContributorId")
    scope, name = caller.scope, params.get("AlarmName")
    items = env.resources.children(history.KIND, scope, name) if name else env.resources.all(history.KIND, scope)
    found = [one.document["shown"] for one in items if _is_told(one.document["shown"], params, env.clock())]
    found.sort(key=lambda one: one["Timestamp"], reverse=params.get("ScanBy") != "TimestampAscending")
    shown, token = paging.page(found, params.get("NextToken"), params.get("MaxRecords") or 100)
    return {"AlarmHistoryItems": shown, "NextToken": token}


def _is_told(shown: dict[str, Any], params: dict[str, Any], now: float) -> bool:
    at = shown["Timestamp"]
    types = params.get("AlarmTypes") or [alarms.METRIC]
    types = types if "AlarmName" not in params or "AlarmTypes" in params else _KINDS
    if at < now - history.KEPT_SECONDS or shown["AlarmType"] not in types:
        return False
    if params.get("HistoryItemType", shown["HistoryItemType"]) != shown["HistoryItemType"]:
        return False
    start, end = params.get("StartDate"), params.get("EndDate")
    return (start is None or at >= start.timestamp()) and (end is None or at <= end.timestamp())
