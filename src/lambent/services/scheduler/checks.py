"""What makes a schedule one: its expression, dates, window and target.

Sources: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html, API_Target.html, and
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html, managing-targets-universal.html.
Texts as callers of AWS have reported them; "ours" where none is known.
"""

import json
import re
import zoneinfo
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from lambent.engine import scheduled_call
from lambent.engine.schedule import Invalid, Schedule, parse
from lambent.model.scope import Scope
from lambent.services.scheduler import faults
from lambent.services.scheduler.env import SchedulerEnv
from lambent.services.scheduler.groups import arn as group_arn

ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12})?:.+")
LATE = timedelta(minutes=5)
READS = re.compile("get|describe|list", re.IGNORECASE)
INPUT_BYTES = 262_144
PARAMETERS = {
    "EventBridgeParameters": "events",
    "KinesisParameters": "kinesis",
    "SqsParameters": "sqs",
}
"""Member of a target -> the service that it is for."""
NOT_BUILT = ("EcsParameters", "SageMakerPipelineParameters", "EventBridgePutEventsV2Parameters",
             "EventBridgePutRawEventsParameters")  # fmt: skip


async def check(env: SchedulerEnv, scope: Scope, params: Mapping[str, Any], now: datetime) -> None:
    """Raises ValidationException for what is wrong, 501 for what is not built."""
    schedule = _expression(params)
    _zone(params)
    _dates(schedule, params, now)
    _window(params["FlexibleTimeWindow"])
    await _target(env, params["Target"])
    group = group_arn(scope, params.get("GroupName") or "default")
    if await env.unassumable(params["Target"]["RoleArn"], scope, group):
        text = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
        raise faults.invalid(text)


def _expression(params: Mapping[str, Any]) -> Schedule:
    try:
        return parse(params["ScheduleExpression"], any_plural=True)
    except Invalid:
        raise faults.invalid(f"Invalid Schedule Expression {params['ScheduleExpression']}.") from None


def _zone(params: Mapping[str, Any]) -> None:
    zone = params.get("ScheduleExpressionTimezone", "UTC")
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise faults.invalid(f"Invalid Schedule Expression Timezone {zone}.") from None  # ours


def _dates(schedule: Schedule, params: Mapping[str, Any], now: datetime) -> None:
    start, end = params.get("StartDate"), params.get("EndDate")
    if schedule.at is not None:
        return
    if start is not None and start < now - LATE:
        raise faults.invalid("The StartDate you specify cannot be earlier than 5 minutes ago.")
    if end is not None and end < now:
        raise faults.invalid("The EndDate you specify cannot be in the past.")  # ours
    if start is not None and end is not None and end <= start:
        raise faults.invalid("The EndDate you specify must come after the StartDate.")  # ours


def _window(window: Mapping[str, Any]) -> None:
    """Wordings of ours."""
    minutes = "MaximumWindowInMinutes" in window
    if window["Mode"] == "FLEXIBLE" and not minutes:
        raise faults.invalid("MaximumWindowInMinutes must be specified when the FlexibleTimeWindow Mode is FLEXIBLE.")
    if window["Mode"] == "OFF" and minutes:
        raise faults.invalid("MaximumWindowInMinutes cannot be specified when the FlexibleTimeWindow Mode is OFF.")


async def _target(env: SchedulerEnv, target: Mapping[str, Any]) -> None:
    arn = target["Arn"]
    if not ARN.fullmatch(arn):
        raise faults.invalid("Provided Arn is not in correct format.")
    if len(target.get("Input", "").encode()) > INPUT_BYTES:
        raise faults.invalid(f"Input must have length less than or equal to {INPUT_BYTES}")  # ours
    for name in NOT_BUILT:
        if name in target:
            raise faults.not_built(f"{name} of a schedule's target")
    if arn.startswith(scheduled_call.UNIVERSAL):
        await _universal(env, arn, target)
    else:
        _templated(arn, target)


async def _universal(env: SchedulerEnv, arn: str, target: Mapping[str, Any]) -> None:
    service, _, operation = arn.removeprefix(scheduled_call.UNIVERSAL).partition(":")
    if READS.match(operation):
        raise faults.invalid(f"{operation} API is not supported")
    if not target.get("Input"):
        raise faults.invalid("You must provide an input to set this target for your schedule")
    try:
        wrong = await env.missing(service, operation, target["Input"])
    except LookupError as unknown:
        if unknown.args == ("operation",):
            raise faults.invalid(f"{operation} API is not supported") from None
        raise faults.invalid(f"{service} is not a supported service for a target.") from None
    if wrong:
        raise faults.invalid(f"Invalid RequestJson provided. Reason {wrong}")


def _templated(arn: str, target: Mapping[str, Any]) -> None:
    service, resource = arn.split(":", 5)[2], arn.split(":", 5)[5]
    if service in scheduled_call.NOT_BUILT:
        raise faults.not_built(f"targets of {service} in a schedule; a universal target reaches its operations")
    if service not in scheduled_call.TEMPLATED:
        raise faults.invalid(f"{service} is not a supported service for a target.")
    if not scheduled_call.TEMPLATED[service].resource.fullmatch(resource):
        raise faults.invalid("Provided Arn is not in correct format.")
    for name, owner in PARAMETERS.items():
        if name in target and owner != service:
            raise faults.invalid(f"{name} is not supported for the target {arn}.")  # ours
    _parameters(service, resource, target)


def _parameters(service: str, resource: str, target: Mapping[str, Any]) -> None:
    """Wordings of ours."""
    if service == "events" and "EventBridgeParameters" not in target:
        raise faults.invalid("EventBridgeParameters must be specified for an event bus.")
    if service == "kinesis" and "KinesisParameters" not in target:
        raise faults.invalid("KinesisParameters must be specified for a stream.")
    if service == "sqs" and resource.endswith(".fifo") != bool(
        (target.get("SqsParameters") or {}).get("MessageGroupId")
    ):
        need = "must" if resource.endswith(".fifo") else "can"
        raise faults.invalid(
            f"A MessageGroupId {need} be specified for a FIFO queue{'' if need == 'must' else ' only'}."
        )
    if service in ("lambda", "states", "events") and "Input" in target:
        try:
            json.loads(target["Input"])
        except ValueError:
            raise faults.invalid("Invalid Input: it must be well-formed JSON for this target.") from None
