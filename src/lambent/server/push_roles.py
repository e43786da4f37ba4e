"""The roles in whose name services push: whether the service may assume one, and whether that may do what is asked.

Sources: https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html#setting-up-execution-role,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
"""

from collections.abc import Callable

import orjson

from lambent.engine.authorisation import principals
from lambent.model.delivery import Delivery
from lambent.model.finding import Finding
from lambent.model.push import Push
from lambent.model.scope import Scope
from lambent.neighbour import api_calls
from lambent.permissions.assuming import may_assume
from lambent.permissions.gate import Gate
from lambent.permissions.requests import Right, rights
from lambent.permissions.roles import SENDING

Report = Callable[[Finding], None]


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
                return verdict.explanation.text
    return ""


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
    service_name, _, operation_name = delivery.call.partition(":")
    known = api_calls.fitted(service_name, operation_name, orjson.loads(delivery.body))
    if known is None:
        return []
    service, operation, params = known
    return rights(service.signing_name, service.name, operation, params, delivery.scope)
