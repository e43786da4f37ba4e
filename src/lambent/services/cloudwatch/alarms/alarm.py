"""An alarm as it is stored: what DescribeAlarms shows of it, under `shown`.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricAlarm.html, API_CompositeAlarm.html
"""

from collections.abc import Mapping
from typing import Any

from lambent.engine.alarm import INSUFFICIENT_DATA, MISSING, Rule
from lambent.model.scope import Caller, Scope
from lambent.services.cloudwatch import faults
from lambent.services.cloudwatch.env import CloudWatchEnv
from lambent.store.resources import Resource

KIND = "cloudwatch/alarm"
METRIC, COMPOSITE = "MetricAlarm", "CompositeAlarm"
UNCHECKED = "Unchecked: Initial alarm creation"
ACTIONS = {"OK": "OKActions", "ALARM": "AlarmActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
"""Which member names what is done when a state is entered."""
STATE = ("StateValue", "StateReason", "StateReasonData", "StateUpdatedTimestamp", "StateTransitionedTimestamp")
CARRIED_OUT = ("sns", "lambda")
"""Services whose ARNs can be actions."""


def find(env: CloudWatchEnv, scope: Scope, name: str) -> Resource:
    """The alarm of a name. Raises Fault."""
    found = env.resources.get(KIND, scope, "", name)
    if found is None:
        raise faults.no_resource("Alarm", name)  # our wording
    return found


def kind_of(alarm: Resource) -> str:
    """MetricAlarm or CompositeAlarm."""
    return COMPOSITE if "AlarmRule" in alarm.document["shown"] else METRIC


def rule_of(shown: Mapping[str, Any]) -> Rule:
    """When a metric alarm goes off."""
    periods = shown["EvaluationPeriods"]
    to_alarm = shown.get("DatapointsToAlarm", periods)
    missing = shown.get("TreatMissingData", MISSING)
    return Rule(shown["Threshold"], shown["ComparisonOperator"], periods, to_alarm, missing)


def queries_of(shown: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The queries of a metric alarm: those that it has, or the one that its metric makes."""
    if "Metrics" in shown:
        return list(shown["Metrics"])
    metric = {name: shown[name] for name in ("Namespace", "MetricName", "Dimensions")}
    stat = shown.get("Statistic") or shown["ExtendedStatistic"]
    unit = {"Unit": shown["Unit"]} if "Unit" in shown else {}
    return [{"Id": "m1", "MetricStat": {"Metric": metric, "Period": shown["Period"], "Stat": stat, **unit}}]


def stored(env: CloudWatchEnv, caller: Caller, settings: dict[str, Any], there: Resource | None) -> Resource:
    """The alarm with new settings: its state stays what it was."""
    now, name = env.clock(), settings["AlarmName"]
    before = there.document["shown"] if there else {}
    state = {member: before[member] for member in STATE if member in before} or {
        "StateValue": INSUFFICIENT_DATA,
        "StateReason": UNCHECKED,
        "StateUpdatedTimestamp": now,
        "StateTransitionedTimestamp": now,
    }
    shown = {
        "AlarmArn": env.arn(caller.scope, f"alarm:{name}"),
        "ActionsEnabled": True,
        **{member: [] for member in ACTIONS.values()},
        **settings,
        **state,
        "AlarmConfigurationUpdatedTimestamp": now,
    }
    return Resource(KIND, caller.scope, "", name, env.new_id(), {"shown": shown})


def check_actions(scope: Scope, settings: Mapping[str, Any]) -> None:
    """Raise Fault for what is no action, or none that is carried out here."""
    for member in ACTIONS.values():
        given = settings.get(member) or ()
        if len(set(given)) != len(given):
            raise faults.validation(f"The parameter {member} names an action more than once.")  # our wording
        for arn in given:
            parts = arn.split(":", 5)
            if len(parts) < 6 or parts[0] != "arn" or not parts[5]:
                raise faults.validation(f"Invalid arn syntax: {arn}")
            if parts[2] not in CARRIED_OUT:
                raise faults.unsupported(f"the action {arn}")
            if parts[3] != scope.region:
                raise faults.validation(f"Invalid region {parts[3]} specified. Only {scope.region} is supported.")
