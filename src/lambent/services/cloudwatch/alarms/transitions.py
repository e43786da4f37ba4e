"""How an alarm enters a state, and what follows: its history, its actions, an event for EventBridge.

State, history and the actions that are to come are one transaction; an action is forgotten when it was carried out. So
none is lost by a crash, and one may be carried out twice.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from lambent.model.delivery import Delivery
from lambent.model.scope import Caller
from lambent.services.cloudwatch.alarms import alarm as alarms
from lambent.services.cloudwatch.alarms import history, messages
from lambent.services.cloudwatch.env import CloudWatchEnv
from lambent.store.errors import RecordChanged
from lambent.store.resources import Resource

PENDING = "cloudwatch/alarm-action"
SENDERS = {"sns": "cloudwatch", "lambda": "lambda.alarms.cloudwatch", "events": "cloudwatch"}
"""In whose name something is sent, by the service of its target."""
Shown = Mapping[str, Any]


async def enter(
    env: CloudWatchEnv, alarm: Resource, state: str, reason: str, data: str | None = None
) -> Resource | None:
    """The alarm is in a state, for a reason; `data` is JSON. Answers it if that is another state than before.

    Raises RecordChanged when it is not the stored one any more.
    """
    before, now = alarm.document["shown"], env.clock()
    shown = {**before, "StateValue": state, "StateReason": reason[:1023], "StateUpdatedTimestamp": now}
    shown.pop("StateReasonData", None)
    if data is not None:
        shown["StateReasonData"] = data[:4000]
    if state == before["StateValue"]:
        await env.resources.replace(alarm, alarm.changed(env.new_id(), {**alarm.document, "shown": shown}))
        return None
    shown["StateTransitionedTimestamp"] = now
    new = alarm.changed(env.new_id(), {**alarm.document, "shown": shown})
    pending = [_action(env, new, before, target) for target in _targets(env, new)]
    pending.append(_event(env, new, messages.STATE_CHANGE, messages.detail(new, before)))
    await env.resources.write(
        inserts=(history.changed(env, new, before), *pending),
        replaces=((alarm, new),),
        deletes=history.outdated(env, alarm.scope, alarm.name),
    )
    for one in pending:
        env.spawn(act(env, one))
    return new


def _targets(env: CloudWatchEnv, alarm: Resource) -> list[str]:
    shown = alarm.document["shown"]
    return list(shown[alarms.ACTIONS[shown["StateValue"]]]) if shown["ActionsEnabled"] else []


def _action(env: CloudWatchEnv, alarm: Resource, before: Shown, target: str) -> Resource:
    if target.split(":")[2] == "sns":
        body = messages.topic_text(env, alarm, before)
        return _pending(env, alarm, target, body, subject=messages.subject(env, alarm))
    return _pending(env, alarm, target, orjson.dumps(messages.function_event(alarm, before)).decode())


def _event(env: CloudWatchEnv, alarm: Resource, kind: str, detail: Mapping[str, Any]) -> Resource:
    bus = f"arn:aws:events:{alarm.scope.region}:{alarm.scope.account}:event-bus/default"
    return _pending(env, alarm, bus, orjson.dumps(detail).decode(), detail_type=kind)


def _pending(env: CloudWatchEnv, alarm: Resource, target: str, body: str, **more: str) -> Resource:
    document = {"target": target, "body": body, "at": env.clock(), "arn": alarm.document["shown"]["AlarmArn"], **more}
    return Resource(PENDING, alarm.scope, alarm.name, env.new_id(), env.new_id(), document)


async def act(env: CloudWatchEnv, pending: Resource) -> None:
    """Carry out an action, and say in the alarm's history what came of it."""
    said = pending.document
    service = said["target"].split(":")[2]
    delivery = Delivery(
        scope=pending.scope,
        target=said["target"],
        body=said["body"].encode(),
        function="",
        arn=said["arn"],
        trace_id="",
        detail_type=said.get("detail_type", ""),
        source="aws.cloudwatch",
        subject=said.get("subject", ""),
    )
    problem = await env.deliver(SENDERS[service], delivery)
    alarm = env.resources.get(alarms.KIND, pending.scope, "", pending.parent)
    told = [history.acted(env, alarm, said, problem)] if alarm is not None and service != "events" else []
    try:
        await env.resources.write(inserts=told, deletes=(pending,))
    except RecordChanged:
        return  # somebody else has carried it out


def resume(env: CloudWatchEnv) -> None:
    """Carry out what the last server did not come to."""
    for one in env.resources:
        if one.kind == PENDING:
            env.spawn(act(env, one))


async def store(env: CloudWatchEnv, caller: Caller, settings: dict[str, Any]) -> Resource:
    """Make or change an alarm. The last one who asks wins."""
    while True:
        there = env.resources.get(alarms.KIND, caller.scope, "", settings["AlarmName"])
        new = alarms.stored(env, caller, settings, there)
        told = history.configured(env, new, there)
        gone = history.outdated(env, caller.scope, new.name)
        try:
            if there is None:
                await env.resources.write(inserts=(new, told), deletes=gone)
            else:
                await env.resources.write(inserts=(told,), replaces=((there, new),), deletes=gone)
        except RecordChanged:
            continue
        for tell in env.put:
            tell()
        return new
