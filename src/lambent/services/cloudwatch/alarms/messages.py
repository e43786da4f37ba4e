"""What an alarm's actions get: the text for a topic, the event for a function, that for EventBridge.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html; a topic's text as its
subscribers have published it.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from lambent.engine.statistics import PLAIN
from lambent.services.cloudwatch import moments
from lambent.services.cloudwatch.env import CloudWatchEnv
from lambent.store.resources import Resource

Shown = Mapping[str, Any]
STATE_CHANGE = "CloudWatch Alarm State Change"


def subject(env: CloudWatchEnv, alarm: Resource) -> str:
    """The title of a message to a topic."""
    shown = alarm.document["shown"]
    return f'{shown["StateValue"]}: "{alarm.name}" in {env.region_name(alarm.scope.region)}'[:100]


def topic_text(env: CloudWatchEnv, alarm: Resource, before: Shown) -> str:
    """The message to a topic."""
    shown = alarm.document["shown"]
    said = {
        "AlarmName": alarm.name,
        "AlarmDescription": shown.get("AlarmDescription"),
        "AWSAccountId": alarm.scope.account,
        "AlarmConfigurationUpdatedTimestamp": moments.told(shown["AlarmConfigurationUpdatedTimestamp"]),
        "NewStateValue": shown["StateValue"],
        "NewStateReason": shown["StateReason"],
        "StateChangeTime": moments.told(shown["StateUpdatedTimestamp"]),
        "Region": env.region_name(alarm.scope.region),
        "AlarmArn": shown["AlarmArn"],
        "OldStateValue": before["StateValue"],
        "OKActions": shown["OKActions"],
        "AlarmActions": shown["AlarmActions"],
        "InsufficientDataActions": shown["InsufficientDataActions"],
    }
    how = {"AlarmRule": shown["AlarmRule"]} if "AlarmRule" in shown else {"Trigger": _trigger(shown)}
    return orjson.dumps(said | how).decode()


def _trigger(shown: Shown) -> dict[str, Any]:
    common = {
        "Period": shown.get("Period", 0),
        "EvaluationPeriods": shown["EvaluationPeriods"],
        **({"DatapointsToAlarm": shown["DatapointsToAlarm"]} if "DatapointsToAlarm" in shown else {}),
        "ComparisonOperator": shown["ComparisonOperator"],
        "Threshold": shown["Threshold"],
        "TreatMissingData": shown.get("TreatMissingData", "missing"),
        "EvaluateLowSampleCountPercentile": shown.get("EvaluateLowSampleCountPercentile", ""),
    }
    if "Metrics" in shown:
        return common | {"Metrics": shown["Metrics"]}
    extended = "ExtendedStatistic" in shown
    kind = "ExtendedStatistic" if extended else "Statistic"
    statistic = shown["ExtendedStatistic"] if extended else _loud(shown["Statistic"])
    return {
        "MetricName": shown["MetricName"],
        "Namespace": shown["Namespace"],
        "StatisticType": kind,
        kind: statistic,
        "Unit": shown.get("Unit"),
        "Dimensions": [{"value": one["Value"], "name": one["Name"]} for one in shown["Dimensions"]],
        **common,
    }


def _loud(statistic: str) -> str:
    """AVERAGE, SAMPLE_COUNT: how a topic's text has them."""
    assert statistic in PLAIN
    return "SAMPLE_COUNT" if statistic == "SampleCount" else statistic.upper()


def function_event(alarm: Resource, before: Shown) -> dict[str, Any]:
    """The event of a function."""
    shown = alarm.document["shown"]
    return {
        "source": "aws.cloudwatch",
        "alarmArn": shown["AlarmArn"],
        "accountId": alarm.scope.account,
        "time": moments.told(shown["StateUpdatedTimestamp"]),
        "region": alarm.scope.region,
        "alarmData": detail(alarm, before),
    }


def detail(alarm: Resource, before: Shown) -> dict[str, Any]:
    """What has changed: a function's `alarmData`, and the detail of EventBridge's event."""
    shown = alarm.document["shown"]
    return {
        "alarmName": alarm.name,
        "state": _state(shown),
        "previousState": _state(before),
        "configuration": _configuration(shown),
    }


def _state(shown: Shown) -> dict[str, Any]:
    said = {
        "value": shown["StateValue"],
        "reason": shown["StateReason"],
        "timestamp": moments.told(shown["StateUpdatedTimestamp"]),
    }
    return said | ({"reasonData": shown["StateReasonData"]} if shown.get("StateReasonData") else {})


def _configuration(shown: Shown) -> dict[str, Any]:
    described = {"description": shown["AlarmDescription"]} if "AlarmDescription" in shown else {}
    if "AlarmRule" in shown:
        return {**described, "alarmRule": shown["AlarmRule"]}
    if "Metrics" in shown:
        return {**described, "metrics": [_query(one) for one in shown["Metrics"]]}
    metric = {name: shown[name] for name in ("Namespace", "MetricName", "Dimensions")}
    stat = {"Metric": metric, "Period": shown["Period"], "Stat": shown.get("Statistic") or shown["ExtendedStatistic"]}
    unit = {"Unit": shown["Unit"]} if "Unit" in shown else {}
    return {**described, "metrics": [_query({"Id": shown["AlarmArn"], "MetricStat": stat | unit, "ReturnData": True})]}


def _query(query: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {"id": query["Id"], "returnData": query.get("ReturnData", True)}
    if "Expression" in query:
        return said | {"expression": query["Expression"], "label": query.get("Label", query["Id"])}
    stat, metric = query["MetricStat"], query["MetricStat"]["Metric"]
    dimensions = {one["Name"]: one["Value"] for one in metric.get("Dimensions") or ()}
    named = {"namespace": metric["Namespace"], "name": metric["MetricName"], "dimensions": dimensions}
    unit = {"unit": stat["Unit"]} if "Unit" in stat else {}
    return said | {"metricStat": {"metric": named, "period": stat["Period"], "stat": stat["Stat"], **unit}}
