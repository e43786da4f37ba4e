"""Alarms, evaluated by the platform's clock: each minute, and every ten seconds those of shorter periods.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html ("Evaluating an alarm"):
a window of several minutes moves on minute by minute.
"""

import asyncio
import logging
from typing import Any

import orjson

from lambent.clock import Clock, Handle
from lambent.engine import alarm as engine
from lambent.engine.alarm import Point, Verdict
from lambent.engine.alarm_rule import AlarmRule
from lambent.services.cloudwatch import moments
from lambent.services.cloudwatch.alarms import alarm as alarms
from lambent.services.cloudwatch.alarms import transitions
from lambent.services.cloudwatch.alarms.describing import parents
from lambent.services.cloudwatch.alarms.put_composite_alarm import child_name
from lambent.services.cloudwatch.env import CloudWatchEnv
from lambent.services.cloudwatch.queries import Queries
from lambent.store.errors import RecordChanged, StoreError
from lambent.store.resources import Resource
from lambent.wire.fault import Fault

log = logging.getLogger(__name__)

MINUTE, SHORT = 60, 10
DEPTH = 20
"""Composite alarms above one another that follow at once."""


class Evaluator:
    """Evaluates all alarms when it is time, until it is closed."""

    def __init__(self, env: CloudWatchEnv, clock: Clock) -> None:
        self._env = env
        self._clock = clock
        self._busy = False
        self._timer: Handle | None = None
        self._set()
        env.put.append(self._set)

    def close(self) -> None:
        """Evaluate no more."""
        self._env.put.remove(self._set)
        if self._timer is not None:
            self._timer.cancel()

    def _set(self) -> None:
        """Be there when the next alarm may be due: a clock that is moved by a month stops at each such moment."""
        if self._timer is not None:
            self._timer.cancel()
        pause = min((_every(one) for one in _all(self._env)), default=MINUTE)
        self._timer = self._clock.call_at(self._clock.monotonic() + pause - self._clock.wall() % pause, self._tick)

    def _tick(self) -> None:
        self._set()
        at = int(self._clock.wall() + 0.5) // SHORT * SHORT
        due = [] if self._busy else [one for one in _all(self._env) if _is_due(one, at)]
        if due:
            self._busy = True
            self._env.spawn(self._evaluate(due, at))

    async def _evaluate(self, due: list[Resource], at: int) -> None:
        try:
            for alarm in due:
                await evaluate(self._env, alarm, at)
        finally:
            self._busy = False


def _all(env: CloudWatchEnv) -> list[Resource]:
    return env.resources.of_kind(alarms.KIND)


def _is_due(alarm: Resource, at: int) -> bool:
    return not at % _every(alarm)


def _every(alarm: Resource) -> int:
    return SHORT if alarm.document["shown"].get("Period", MINUTE) < MINUTE else MINUTE


async def evaluate(env: CloudWatchEnv, alarm: Resource, at: int) -> None:
    """Evaluate one alarm up to a time (seconds since 1970). Never raises: what went wrong is tried again next time."""
    try:
        if "AlarmRule" in alarm.document["shown"]:
            await _compose(env, alarm)
            return
        verdict, period = await _judge(env, alarm, at)
        shown = alarm.document["shown"]
        if verdict is None or verdict.state == shown["StateValue"]:
            return  # as on AWS, its reason is that of the moment when it changed
        data = _data(shown, verdict, period, env.clock())
        changed = await transitions.enter(env, alarm, verdict.state, verdict.reason, orjson.dumps(data).decode())
        if changed is not None:
            await follow(env, changed)
    except (RecordChanged, StoreError):
        return
    except Fault as fault:
        log.warning("alarm %s can't be evaluated: %s", alarm.name, fault.message)
    except asyncio.CancelledError:
        raise
    except Exception:
        log.exception("alarm %s can't be evaluated", alarm.name)


async def _judge(env: CloudWatchEnv, alarm: Resource, at: int) -> tuple[Verdict | None, int]:
    """The verdict on a metric alarm, and the seconds of its period."""
    shown = alarm.document["shown"]
    rule, queries = alarms.rule_of(shown), Queries(alarms.queries_of(shown), "Metrics")
    period = queries.period
    end = at // min(period, MINUTE) * min(period, MINUTE)
    start = end - rule.looked_at * period
    found = await queries.run(env, alarm.scope, start, end)
    returned = next(one["Id"] for one in queries.by_id.values() if one.get("ReturnData", True))
    points = found[returned][0].points if found[returned] else {}
    seen = [Point(one, points[one]) if one in points else None for one in range(start, end, period)]
    return engine.evaluate(rule, shown["StateValue"], seen), period


def _data(shown: dict[str, Any], verdict: Verdict, period: int, now: float) -> dict[str, Any]:
    """StateReasonData."""
    points = list(reversed(verdict.points))
    begun = {"startDate": moments.told(points[0].at)} if points else {}
    statistic = shown.get("Statistic") or shown.get("ExtendedStatistic")
    return {
        "version": "1.0",
        "queryDate": moments.told(now),
        **begun,
        **({"statistic": statistic} if statistic else {}),
        **({"unit": shown["Unit"]} if "Unit" in shown else {}),
        "period": period,
        "recentDatapoints": [point.value for point in points],
        "threshold": shown["Threshold"],
        "evaluatedDatapoints": [{"timestamp": moments.told(one.at), "value": one.value} for one in verdict.points],
    }


async def follow(env: CloudWatchEnv, alarm: Resource, depth: int = 0) -> None:
    """An alarm has changed: so may those that are made of it."""
    if depth < DEPTH:
        for one in parents(env, alarm):
            await _compose_now(env, one, alarm, depth + 1)


async def _compose_now(env: CloudWatchEnv, alarm: Resource, cause: Resource, depth: int) -> None:
    """The same, of the alarm as it is by now: what leads to it on two ways changes it once. Raises StoreError."""
    while (found := env.resources.get(*alarm.key)) is not None:
        try:
            await _compose(env, found, cause, depth)
        except RecordChanged:
            continue
        return


async def _compose(env: CloudWatchEnv, alarm: Resource, cause: Resource | None = None, depth: int = 0) -> None:
    """Evaluate a composite alarm. Raises RecordChanged, StoreError."""
    shown = alarm.document["shown"]
    rule = AlarmRule(shown["AlarmRule"])
    children = [(name, env.resources.get(alarms.KIND, alarm.scope, "", child_name(name))) for name in rule.children]
    states = {name: one.document["shown"]["StateValue"] for name, one in children if one is not None}
    state = engine.ALARM if rule.holds(states) else engine.OK
    if state == shown["StateValue"]:
        return
    caused = cause or next((one for _, one in children if one is not None), None)
    reason, data = _because(alarm, caused, state, [one for _, one in children if one is not None])
    changed = await transitions.enter(env, alarm, state, reason, orjson.dumps(data).decode())
    if changed is not None:
        await follow(env, changed, depth)


def _because(
    alarm: Resource, cause: Resource | None, state: str, children: list[Resource]
) -> tuple[str, dict[str, Any]]:
    """The reason of a composite alarm's change: which alarm's change it was."""
    if cause is None:
        return f"{alarm.document['shown']['AlarmArn']} was evaluated and its AlarmRule evaluates to {state}", {}
    said = cause.document["shown"]
    moment = said["StateTransitionedTimestamp"]
    when = moments.spoken(moment)
    reason = f"{said['AlarmArn']} transitioned to {said['StateValue']} at {when}"
    triggering = [_child(one) for one in children if one.name == cause.name] or [
        {"arn": said["AlarmArn"], "state": {"value": said["StateValue"], "timestamp": moments.told(moment)}}
    ]
    return reason, {"triggeringAlarms": triggering}


def _child(alarm: Resource) -> dict[str, Any]:
    said = alarm.document["shown"]
    state = {"value": said["StateValue"], "timestamp": moments.told(said["StateTransitionedTimestamp"])}
    return {"arn": said["AlarmArn"], "state": state}
