"""The operations answered here. One that is not in the table is refused by name before it gets this far."""

from collections.abc import Awaitable, Callable
from typing import Any

from lambent.model.scope import Caller
from lambent.services.cloudwatch import dashboards, tags
from lambent.services.cloudwatch.alarms import describing, switching
from lambent.services.cloudwatch.alarms.put_composite_alarm import put_composite_alarm
from lambent.services.cloudwatch.alarms.put_metric_alarm import put_metric_alarm
from lambent.services.cloudwatch.env import CloudWatchEnv
from lambent.services.cloudwatch.get_metric_data import get_metric_data
from lambent.services.cloudwatch.get_metric_statistics import get_metric_statistics
from lambent.services.cloudwatch.list_metrics import list_metrics
from lambent.services.cloudwatch.put_metric_data import put_metric_data

Operation = Callable[[CloudWatchEnv, Caller, dict[str, Any]], Awaitable[dict[str, Any]]]

OPERATIONS: dict[str, Operation] = {
    "DeleteAlarms": switching.delete_alarms,
    "DeleteDashboards": dashboards.delete_dashboards,
    "DescribeAlarmHistory": describing.describe_alarm_history,
    "DescribeAlarms": describing.describe_alarms,
    "DescribeAlarmsForMetric": describing.describe_alarms_for_metric,
    "DisableAlarmActions": switching.disable_alarm_actions,
    "EnableAlarmActions": switching.enable_alarm_actions,
    "GetDashboard": dashboards.get_dashboard,
    "GetMetricData": get_metric_data,
    "GetMetricStatistics": get_metric_statistics,
    "ListDashboards": dashboards.list_dashboards,
    "ListMetrics": list_metrics,
    "ListTagsForResource": tags.list_tags_for_resource,
    "PutCompositeAlarm": put_composite_alarm,
    "PutDashboard": dashboards.put_dashboard,
    "PutMetricAlarm": put_metric_alarm,
    "PutMetricData": put_metric_data,
    "SetAlarmState": switching.set_alarm_state,
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
}

_STREAMS = "no metric streams are sent"
_ANOMALIES = "no bands of anomalies are found out"
_RULES = "nothing is found out about contributors"
_MUTES = "no alarms are muted on schedules"
REFUSED: dict[str, str] = {
    **{f"{verb}MetricStream": _STREAMS for verb in ("Put", "Get", "Delete")},
    **{f"{verb}MetricStreams": _STREAMS for verb in ("List", "Start", "Stop")},
    **{f"{verb}AnomalyDetector": _ANOMALIES for verb in ("Put", "Delete")},
    "DescribeAnomalyDetectors": _ANOMALIES,
    **{f"{verb}InsightRules": _RULES for verb in ("Describe", "Enable", "Disable", "Delete")},
    **dict.fromkeys(("PutInsightRule", "GetInsightRuleReport", "PutManagedInsightRules"), _RULES),
    "ListManagedInsightRules": _RULES,
    **{f"{verb}AlarmMuteRule": _MUTES for verb in ("Put", "Get", "Delete")},
    "ListAlarmMuteRules": _MUTES,
    "GetMetricWidgetImage": "no pictures are drawn",
    "PutLogAlarm": "no alarms of log queries are evaluated",
    "DescribeAlarmContributors": _RULES,
}
