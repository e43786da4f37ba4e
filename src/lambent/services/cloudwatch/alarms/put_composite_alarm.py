"""PutCompositeAlarm.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

from typing import Any

from lambent.engine.alarm_rule import AlarmRule, RuleError
from lambent.model.scope import Caller, Scope
from lambent.services.cloudwatch import faults, tags
from lambent.services.cloudwatch.alarms import alarm as alarms
from lambent.services.cloudwatch.alarms.transitions import store
from lambent.services.cloudwatch.env import CloudWatchEnv

REFUSED = (
    "ActionsSuppressor",
    "ActionsSuppressorWaitPeriod",
    "ActionsSuppressorExtensionPeriod",
    "ActionConfiguration",
)


async def put_composite_alarm(env: CloudWatchEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Make an alarm of alarms, or put its settings in the place of those that it had."""
    for name in REFUSED:
        if name in params:
            raise faults.unsupported(name)
    alarms.check_actions(caller.scope, params)
    _check_rule(env, caller.scope, params["AlarmName"], params["AlarmRule"])
    new = await store(env, caller, {name: value for name, value in params.items() if name != "Tags"})
    await tags.on_creation(env, caller, new.document["shown"]["AlarmArn"], params)
    return {}


def _check_rule(env: CloudWatchEnv, scope: Scope, name: str, text: str) -> None:
    """Raise Fault for a rule that is none, names alarms that are not there, or leads back to itself."""
    rule = parsed(text)
    for child in rule.children:
        found = env.resources.get(alarms.KIND, scope, "", child_name(child))
        if found is None and child_name(child) != name:
            raise faults.validation(f"AlarmRule: alarm {child} does not exist")  # our wording
    if _leads_to(env, scope, rule, name, set()):
        raise faults.validation("AlarmRule: an alarm must not depend on itself")  # our wording


def _leads_to(env: CloudWatchEnv, scope: Scope, rule: AlarmRule, name: str, seen: set[str]) -> bool:
    for child in map(child_name, rule.children):
        if child == name:
            return True
        if child in seen:
            continue
        seen.add(child)
        found = env.resources.get(alarms.KIND, scope, "", child)
        further = found.document["shown"].get("AlarmRule") if found is not None else None
        if further and _leads_to(env, scope, AlarmRule(further), name, seen):
            return True
    return False


def parsed(text: str) -> AlarmRule:
    """A rule. Raises Fault."""
    try:
        return AlarmRule(text)
    except RuleError as error:
        raise faults.validation(f"AlarmRule must not contain invalid syntax: {error}") from error  # our wording


def child_name(child: str) -> str:
    """A child is named, or its ARN is."""
    return child.partition(":alarm:")[2] if child.startswith("arn:") else child
