"""SetAlarmState, EnableAlarmActions, DisableAlarmActions, DeleteAlarms."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.cloudwatch import faults, moments, tags
from lambent.services.cloudwatch.alarms import alarm as alarms
from lambent.services.cloudwatch.alarms import evaluating, history, transitions
from lambent.services.cloudwatch.alarms.describing import parents
from lambent.services.cloudwatch.env import CloudWatchEnv
from lambent.store.errors import RecordChanged
from lambent.store.resources import Resource
from lambent.wire.fault import Fault

MOST_NAMES = 100


async def set_alarm_state(env: CloudWatchEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Put an alarm into a state until it is evaluated again; what follows is as if it had entered it by itself."""
    data = params.get("StateReasonData")
    if data is not None and not moments.is_json(data):
        raise Fault("InvalidFormatFault", "The parameter StateReasonData must be JSON.")  # our wording
    while True:
        alarm = alarms.find(env, caller.scope, params["AlarmName"])
        try:
            changed = await transitions.enter(env, alarm, params["StateValue"], params["StateReason"], data)
        except RecordChanged:
            continue
        if changed is not None:
            await evaluating.follow(env, changed)
        return {}


async def enable_alarm_actions(env: CloudWatchEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Actions of alarms are carried out again."""
    return await _switch(env, caller, params["AlarmNames"], True)


async def disable_alarm_actions(env: CloudWatchEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Actions of alarms are not carried out."""
    return await _switch(env, caller, params["AlarmNames"], False)


async def _switch(env: CloudWatchEnv, caller: Caller, names: list[str], on: bool) -> dict[str, Any]:
    """Names of alarms that are not there are passed over, as on AWS."""
    for name in names:
        while (alarm := env.resources.get(alarms.KIND, caller.scope, "", name)) is not None:
            shown = {**alarm.document["shown"], "ActionsEnabled": on}
            if shown == alarm.document["shown"]:
                break
            new = alarm.changed(env.new_id(), {**alarm.document, "shown": shown})
            try:
                await env.resources.write(inserts=(history.configured(env, new, alarm),), replaces=((alarm, new),))
            except RecordChanged:
                continue
            break
    return {}


async def delete_alarms(env: CloudWatchEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Delete alarms, all or none: one that a composite alarm names stays as long as that."""
    names = params["AlarmNames"]
    if len(names) > MOST_NAMES:
        raise faults.too_many("AlarmNames", MOST_NAMES)
    found = [one for name in dict.fromkeys(names) if (one := env.resources.get(alarms.KIND, caller.scope, "", name))]
    for one in found:
        _check_free(env, one, names)
    told = [history.configured(env, one, gone=True) for one in found]
    labels = [one for alarm in found if (one := tags.resource(env, caller.scope, alarm.document["shown"]["AlarmArn"]))]
    try:
        await env.resources.write(inserts=told, deletes=(*found, *labels))
    except RecordChanged as error:
        raise Fault("ConcurrentModificationException", "More than one process tried to modify a resource.") from error
    return {}


def _check_free(env: CloudWatchEnv, alarm: Resource, names: list[str]) -> None:
    left = [one.name for one in parents(env, alarm) if one.name not in names]
    if left:
        raise faults.validation(f"Cannot delete {alarm.name} as there are composite alarm(s) depending on it.")
