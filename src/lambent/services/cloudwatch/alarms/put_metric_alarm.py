"""PutMetricAlarm.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

from typing import Any

from lambent.engine.alarm import BREACHING, COMPARE, IGNORE, MISSING, NOT_BREACHING
from lambent.model.scope import Caller
from lambent.services.cloudwatch import faults, tags
from lambent.services.cloudwatch.alarms.alarm import check_actions
from lambent.services.cloudwatch.alarms.transitions import store
from lambent.services.cloudwatch.env import CloudWatchEnv
from lambent.services.cloudwatch.put_metric_data import read_dimensions
from lambent.services.cloudwatch.queries import Queries, checked_statistic

DAY, WEEK, HOUR = 86400, 7 * 86400, 3600
TREATMENTS = (BREACHING, NOT_BREACHING, IGNORE, MISSING)
REFUSED = (
    "ThresholdMetricId",
    "EvaluationCriteria",
    "EvaluationInterval",
    "WarmUpConfiguration",
    "ActionConfiguration",
)
"""Parameters of what Lambent does not have: bands of anomalies, PromQL, warming up, tags in messages."""
OF_METRIC = ("MetricName", "Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic")
MOST_METRICS = 10


async def put_metric_alarm(env: CloudWatchEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Make an alarm, or put its settings in the place of those that it had."""
    _refuse(params)
    check_actions(caller.scope, params)
    if params["ComparisonOperator"] not in COMPARE:
        raise faults.unsupported(f"the ComparisonOperator {params['ComparisonOperator']}")
    if "Threshold" not in params:
        raise faults.missing("Threshold")
    period = _check_queries(params) if "Metrics" in params else _check_metric(params)
    _check_evaluation(params, period)
    settings = {name: value for name, value in params.items() if name not in ("Tags", "EvaluationWindow")}
    if "MetricName" in params:
        settings["Dimensions"] = [
            {"Name": one["Name"], "Value": one["Value"]} for one in params.get("Dimensions") or ()
        ]
    new = await store(env, caller, settings)
    await tags.on_creation(env, caller, new.document["shown"]["AlarmArn"], params)
    return {}


def _refuse(params: dict[str, Any]) -> None:
    for name in REFUSED:
        if name in params:
            raise faults.unsupported(name)
    if "WallClockWindow" in params.get("EvaluationWindow", {}):
        raise faults.unsupported("an EvaluationWindow by the wall clock")


def _check_metric(params: dict[str, Any]) -> int:
    """The period of an alarm of one metric. Raises Fault."""
    for name in ("MetricName", "Namespace", "Period"):
        if name not in params:
            raise faults.missing(name)
    if "Statistic" in params and "ExtendedStatistic" in params:
        raise faults.exclusive("Statistic", "ExtendedStatistic")
    if "ExtendedStatistic" in params:
        checked_statistic(params["ExtendedStatistic"], "ExtendedStatistic")
    elif "Statistic" not in params:
        raise faults.combination("At least one of the parameters Statistic and ExtendedStatistic must be specified.")
    read_dimensions(params)
    return int(params["Period"])


def _check_queries(params: dict[str, Any]) -> int:
    """The period of an alarm of metric math. Raises Fault."""
    for name in OF_METRIC:
        if name in params:
            raise faults.exclusive("Metrics", name)
    queries = Queries(params["Metrics"], "Metrics")
    returned = [one for one in params["Metrics"] if one.get("ReturnData", True)]
    if len(returned) != 1:
        raise faults.validation("Exactly one element of the metrics list should return data.")
    if sum("MetricStat" in one for one in params["Metrics"]) > MOST_METRICS:
        raise faults.too_many("Metrics", MOST_METRICS)
    if any("SEARCH(" in one.get("Expression", "").replace(" ", "").upper() for one in params["Metrics"]):
        raise faults.validation("SEARCH is not supported on Metric Alarms.")
    return queries.period


def _check_evaluation(params: dict[str, Any], period: int) -> None:
    if period not in (10, 20, 30) and period % 60:
        raise faults.validation("Metric Period must be 10, 20, 30 or a multiple of 60")
    periods = params["EvaluationPeriods"]
    if periods * period > (DAY if period < HOUR else WEEK):
        span, most = ("a day", DAY) if period < HOUR else ("seven days", WEEK)
        raise faults.validation(
            f"Metrics cannot be checked across more than {span} (EvaluationPeriods * Period must be <= {most})."
        )
    if params.get("DatapointsToAlarm", periods) > periods:
        raise faults.validation("DatapointsToAlarm must be less than or equal to EvaluationPeriods")  # our wording
    if params.get("TreatMissingData", MISSING) not in TREATMENTS:
        raise faults.validation(f"Option {params['TreatMissingData']} is not supported for TreatMissingData")
    if params.get("EvaluateLowSampleCountPercentile") == "ignore":
        raise faults.unsupported("EvaluateLowSampleCountPercentile ignore")
    if params.get("EvaluateLowSampleCountPercentile", "evaluate") not in ("evaluate", "ignore"):
        given = params["EvaluateLowSampleCountPercentile"]
        raise faults.validation(f"Option {given} is not supported for EvaluateLowSampleCountPercentile")
