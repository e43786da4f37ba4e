"""PutScheduledAction."""

import zoneinfo
from datetime import datetime
from typing import Any

from lambent.engine import schedule
from lambent.engine.autoscaling import ACTION
from lambent.model.scope import Caller
from lambent.services.application_autoscaling import faults
from lambent.services.application_autoscaling.env import AutoscalingEnv
from lambent.services.application_autoscaling.targets import DIMENSION, NAMESPACE, arn, find, stamp
from lambent.store.resources import Resource

_KEPT = ("Schedule", "Timezone", "ScalableTargetAction")


async def put_scheduled_action(env: AutoscalingEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Set a target's bounds, and with them its capacity, on a schedule."""
    target = find(env, caller.scope, params)
    name, scope = params["ScheduledActionName"], caller.scope
    there = env.resources.get(ACTION, scope, target.name, name)
    what = f"scheduledAction:{env.new_id()}:resource/{NAMESPACE}/{target.name}:scheduledActionName/{name}"
    document = (
        dict(there.document)
        if there
        else {
            "ScheduledActionName": name,
            "ScheduledActionARN": arn(scope, what),
            "ServiceNamespace": NAMESPACE,
            "ResourceId": target.name,
            "ScalableDimension": DIMENSION,
            "CreationTime": stamp(env),
        }
    )
    document |= {member: params[member] for member in _KEPT if member in params}
    document |= {member: params[member].timestamp() for member in ("StartTime", "EndTime") if _is_time(params, member)}
    _check(document)
    await env.resources.put(Resource(ACTION, scope, target.name, name, env.new_id(), document))
    return {}


def _is_time(params: dict[str, Any], member: str) -> bool:
    return isinstance(params.get(member), datetime)


def _check(document: dict[str, Any]) -> None:
    """Wordings of our own."""
    if "Schedule" not in document:
        raise faults.invalid("Schedule is required for a new scheduled action")
    try:
        schedule.parse(document["Schedule"])
        zoneinfo.ZoneInfo(document.get("Timezone", "UTC"))
    except schedule.Invalid as invalid:
        raise faults.invalid(f"Invalid schedule expression: {document['Schedule']}") from invalid
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as unknown:
        raise faults.invalid(f"Unknown time zone: {document['Timezone']}") from unknown
    bounds = document.get("ScalableTargetAction") or {}
    low, high = bounds.get("MinCapacity"), bounds.get("MaxCapacity")
    if low is None and high is None:
        raise faults.invalid("ScalableTargetAction must have MinCapacity, MaxCapacity or both")
    if low is not None and high is not None and low > high:
        raise faults.invalid("MinCapacity must not be greater than MaxCapacity")
