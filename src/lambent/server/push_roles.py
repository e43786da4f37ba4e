"""The roles in whose name services push: whether the service may assume one, and whether that may do what is asked.

Sources: https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html#setting-up-execution-role,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
"""

from collections.abc import Callable
from typing import Any

import orjson

from lambent.engine.authorisation import principals
from lambent.model.acting import as_role
from lambent.model.delivery import Delivery
from lambent.model.finding import Finding
from lambent.model.push import Push
from lambent.model.scope import Caller, Scope
from lambent.neighbour import api_calls
from lambent.permissions.assuming import may_assume
from lambent.permissions.denials import Verdict
from lambent.permissions.gate import Gate
from lambent.permissions.ledger import Call
from lambent.permissions.refusals import refusal
from lambent.permissions.requests import Right, rights
from lambent.permissions.roles import SENDING
from lambent.wire import service as wire_service
from lambent.wire.service import Service

Report = Callable[[Finding], None]
CALLS = {
    "sqs": ("sqs", "SendMessage", "QueueUrl"),
    "sns": ("sns", "Publish", "TopicArn"),
    "lambda": ("lambda", "Invoke", "FunctionName"),
    "events": ("events", "PutEvents", ""),
}
"""The service of a target -> the call that a delivery to it is, and the parameter that names it."""


async def may_push(gate: Gate, report: Report, wall: Callable[[], float], push: Push) -> str:
    """Why a role may not do what is pushed in its name, "" if it may; in `report` a finding says it."""
    scope = push.delivery.scope
    if reason := await may_assume(gate, report, wall, f"{push.kind}.amazonaws.com", push.role, scope, _source(push)):
        return reason
    if gate.mode == "off" or await gate.identities.find(push.role, scope.region) is None:
        return ""
    who = principals.session(push.role, push.delivery.unique or push.kind)
    for right in _needed(push.delivery):
        there = Scope(right.account or scope.account, scope.region)
        verdict = await gate.is_allowed(who, right.action, right.resource, there, _plain(right), right.params)
        if not verdict.decision.allowed:
            gate.tell(verdict)
            if gate.mode == "enforce":
                _record(gate, push, verdict, wall())
                return verdict.explanation.text
    return ""


def _record(gate: Gate, push: Push, verdict: Verdict, now: float) -> None:
    """A record of a call that was denied, as of any other: it is made no more."""
    known = _call(push.delivery)
    if known is None:
        return
    acting = as_role(f"{push.kind}.amazonaws.com", push.role, push.delivery.unique or push.kind)
    caller = Caller(
        push.delivery.scope, push.delivery.unique or push.kind, role=push.role, held=acting.held, acting=acting
    )
    service, operation, params = known
    fault = refusal(service, verdict.explanation.text)
    gate.trail.denied(caller.request_id, verdict)
    gate.trail.add(Call(now, caller, service, operation, params, fault.code, fault.message or ""))


def _call(delivery: Delivery) -> tuple[Service, str, dict[str, Any]] | None:
    """The operation that a delivery is, and its parameters."""
    if not delivery.call:
        service, operation, name = CALLS.get(delivery.target.split(":")[2], ("", "", ""))
        return (wire_service.load(service), operation, {name: delivery.target} if name else {}) if service else None
    service_name, _, operation_name = delivery.call.partition(":")
    return api_calls.fitted(service_name, operation_name, orjson.loads(delivery.body))


def _source(push: Push) -> str:
    """The rule; of a schedule its group.

    Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    """
    arn = push.delivery.arn
    return arn.rpartition("/")[0].replace(":schedule/", ":schedule-group/", 1) if ":schedule/" in arn else arn


def _plain(right: Right) -> dict[str, str]:
    return {name: value for name, value in right.keys.items() if isinstance(value, str)}


def _needed(delivery: Delivery) -> list[Right]:
    if not delivery.call:
        fields = delivery.target.split(":", 5)
        action = SENDING.get(fields[2]) if len(fields) == 6 else None
        return [Right(action, delivery.target, fields[4])] if action else []
    known = _call(delivery)
    if known is None:
        return []
    service, operation, params = known
    return rights(service.signing_name, service.name, operation, params, delivery.scope)
