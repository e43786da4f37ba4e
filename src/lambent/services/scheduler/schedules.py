"""Schedules.

Source: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html and its neighbours.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lambent.engine.firing import SCHEDULE
from lambent.model.scope import Caller, Scope
from lambent.services.scheduler import faults
from lambent.services.scheduler.checks import check
from lambent.services.scheduler.env import SchedulerEnv
from lambent.services.scheduler.groups import DEFAULT, require
from lambent.services.scheduler.paging import page
from lambent.store.errors import RecordChanged, RecordExists
from lambent.store.resources import Resource
from lambent.wire.fault import Fault

RETRIES = {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}
TIMES = ("StartDate", "EndDate", "CreationDate", "LastModificationDate")
HIDDEN = frozenset({"ClientToken", "Account", "Region"})


async def create_schedule(env: SchedulerEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A new schedule. The same request again (by its ClientToken) is answered as before."""
    scope, group, name = caller.scope, params.get("GroupName", DEFAULT), params["Name"]
    require(env, scope, group)
    there = env.resources.get(SCHEDULE, scope, group, name)
    token = params.get("ClientToken")
    if there is not None and token and there.document["ClientToken"] == token:
        return {"ScheduleArn": arn_of(there)}
    if there is not None:
        raise faults.there_already("Schedule", name)
    now = env.stamp()
    document = (await _document(env, caller.scope, params, now)) | {"CreationDate": now}
    schedule = Resource(SCHEDULE, scope, group, name, env.new_id(), document)
    with env.timetable.expecting(schedule):
        try:
            await env.resources.insert(schedule)
        except RecordExists:
            raise faults.there_already("Schedule", name) from None
        env.timetable.take(schedule)
    return {"ScheduleArn": arn_of(schedule)}


async def update_schedule(env: SchedulerEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """All of a schedule anew: what is not given is as if it had never been. A rate keeps its beat."""
    there = _find(env, caller.scope, params)
    now = env.stamp()
    document = (await _document(env, caller.scope, params, now)) | {"CreationDate": there.document["CreationDate"]}
    schedule = there.changed(env.new_id(), document)
    with env.timetable.expecting(schedule):
        try:
            await env.resources.replace(there, schedule)
        except RecordChanged:
            text = "The schedule is being changed by another request."  # our wording
            raise Fault("ConflictException", text) from None
        env.timetable.take(schedule)
    return {"ScheduleArn": arn_of(schedule)}


async def get_schedule(env: SchedulerEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """All of a schedule."""
    schedule = _find(env, caller.scope, params)
    said = {name: value for name, value in schedule.document.items() if name not in HIDDEN}
    said |= {name: datetime.fromtimestamp(said[name], UTC) for name in TIMES if name in said}
    return {"Arn": arn_of(schedule), "Name": schedule.name, "GroupName": schedule.parent, **said}


async def delete_schedule(env: SchedulerEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """No more of it; what has fired is still delivered."""
    schedule = _find(env, caller.scope, params)
    await env.resources.discard(schedule)
    env.timetable.drop(schedule)
    return {}


async def list_schedules(env: SchedulerEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The schedules of a group, or of all, by group and name."""
    group = params.get("GroupName")
    if group is not None:
        require(env, caller.scope, group)
        listed = env.resources.children(SCHEDULE, caller.scope, group)
    else:
        listed = env.resources.all(SCHEDULE, caller.scope)
    prefix, state = params.get("NamePrefix", ""), params.get("State")
    kept = [one for one in listed if one.name.startswith(prefix) and state in (None, one.document["State"])]
    found, token = page(kept, params)
    return {"Schedules": [_summary(schedule) for schedule in found], **token}


def arn_of(schedule: Resource) -> str:
    """A schedule's ARN."""
    scope = schedule.scope
    return f"arn:aws:scheduler:{scope.region}:{scope.account}:schedule/{schedule.parent}/{schedule.name}"


def _find(env: SchedulerEnv, scope: Scope, params: Mapping[str, Any]) -> Resource:
    group, name = params.get("GroupName", DEFAULT), params["Name"]
    found = env.resources.get(SCHEDULE, scope, group, name)
    if found is None:
        require(env, scope, group)
        raise faults.no_schedule(name)
    return found


async def _document(env: SchedulerEnv, scope: Scope, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    """What is stored, with AWS's defaults. Raises Fault."""
    await check(env, scope, params, datetime.fromtimestamp(now, UTC))
    if "KmsKeyArn" in params:
        raise faults.not_built("KmsKeyArn of schedules")
    kept = {name: value for name, value in params.items() if name not in ("Name", "GroupName")}
    dates = {name: params[name].timestamp() for name in ("StartDate", "EndDate") if params.get(name) is not None}
    target = params["Target"]
    return {
        "ScheduleExpressionTimezone": "UTC",
        "State": "ENABLED",
        "ActionAfterCompletion": "NONE",
        "ClientToken": "",
        **kept,
        **dates,
        "Target": {**target, "RetryPolicy": RETRIES | target.get("RetryPolicy", {})},
        "LastModificationDate": now,
    }


def _summary(schedule: Resource) -> dict[str, Any]:
    said = schedule.document
    return {
        "Arn": arn_of(schedule),
        "Name": schedule.name,
        "GroupName": schedule.parent,
        "State": said["State"],
        "CreationDate": datetime.fromtimestamp(said["CreationDate"], UTC),
        "LastModificationDate": datetime.fromtimestamp(said["LastModificationDate"], UTC),
        "Target": {"Arn": said["Target"]["Arn"]},
    }
