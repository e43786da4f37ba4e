"""What happened to alarms: kept for 30 days, and the latest of each alarm.

The documents of an item are those that AWS documents for DescribeAlarmHistory, and as callers have published them.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from lambent.model.scope import Scope
from lambent.services.cloudwatch import moments
from lambent.services.cloudwatch.alarms.alarm import STATE, kind_of
from lambent.services.cloudwatch.env import CloudWatchEnv
from lambent.store.resources import Resource

KIND = "cloudwatch/alarm-history"
KEPT_SECONDS = 30 * 86400
KEPT_ITEMS = 500
"""Of one alarm."""
MOST_DATA = 4095
UPDATE, CONFIGURATION, ACTION = "StateUpdate", "ConfigurationUpdate", "Action"


def item(env: CloudWatchEnv, alarm: Resource, kind: str, summary: str, data: Mapping[str, Any]) -> Resource:
    """Something that happened to an alarm just now."""
    now = env.clock()
    shown = {
        "AlarmName": alarm.name,
        "AlarmType": kind_of(alarm),
        "Timestamp": now,
        "HistoryItemType": kind,
        "HistorySummary": summary[:255],
        "HistoryData": _data(data),
    }
    place = f"{int(now * 1000):015d}-{env.new_id()}"
    return Resource(KIND, alarm.scope, alarm.name, place, env.new_id(), {"shown": shown})


def configured(env: CloudWatchEnv, alarm: Resource, before: Resource | None = None, gone: bool = False) -> Resource:
    """An alarm was made, changed or deleted."""
    what = "deleted" if gone else "updated" if before else "created"
    kind = {"created": "Create", "updated": "Update", "deleted": "Delete"}[what]
    data = {"version": "1.0", "type": kind, f"{what}Alarm": _settings(alarm)}
    return item(env, alarm, CONFIGURATION, f'Alarm "{alarm.name}" {what}', data)


def changed(env: CloudWatchEnv, alarm: Resource, before: Mapping[str, Any]) -> Resource:
    """An alarm has entered another state than it had in `before`."""
    now = alarm.document["shown"]
    data = {"version": "1.0", "oldState": _state(before), "newState": _state(now)}
    return item(env, alarm, UPDATE, f"Alarm updated from {before['StateValue']} to {now['StateValue']}", data)


def acted(env: CloudWatchEnv, alarm: Resource, pending: Mapping[str, Any], problem: str | None) -> Resource:
    """An action was carried out, or could not be."""
    target = pending["target"]
    summary = f"Successfully executed action {target}"
    if problem is not None:
        summary = f'Failed to execute action {target}. Received error: "{problem}"'
    data = {
        "actionState": "Failed" if problem else "Succeeded",
        "stateUpdateTimestamp": int(pending["at"] * 1000),
        "notificationResource": target,
        "publishedMessage": pending["body"] if target.split(":")[2] == "sns" else None,
        "error": problem,
    }
    return item(env, alarm, ACTION, summary, data)


def outdated(env: CloudWatchEnv, scope: Scope, name: str) -> list[Resource]:
    """What is kept no longer of an alarm, when one item more comes."""
    items = env.resources.children(KIND, scope, name)
    since = f"{int((env.clock() - KEPT_SECONDS) * 1000):015d}"
    most = max(len(items) - KEPT_ITEMS + 1, 0)
    return [one for place, one in enumerate(items) if place < most or one.name < since]


def _settings(alarm: Resource) -> dict[str, Any]:
    """An alarm's settings as its history has them: names that begin small."""
    shown = alarm.document["shown"]
    return {name[:1].lower() + name[1:]: value for name, value in shown.items() if name not in STATE}


def _state(shown: Mapping[str, Any]) -> dict[str, Any]:
    data = shown.get("StateReasonData", "")
    said = {"stateValue": shown["StateValue"], "stateReason": shown["StateReason"]}
    return said | ({"stateReasonData": orjson.loads(data)} if moments.is_json(data) else {})


def _data(data: Mapping[str, Any]) -> str:
    text = orjson.dumps(data).decode()
    return text if len(text) <= MOST_DATA else orjson.dumps({"version": "1.0", "truncated": True}).decode()
