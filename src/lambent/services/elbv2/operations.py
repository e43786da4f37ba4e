"""What of Elastic Load Balancing is not as moto has it: the health of functions, and which of them a target group
takes. All else is the neighbour's."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from lambent.engine import target_health
from lambent.engine.target_health import Health
from lambent.http_events.alb import TargetGroup
from lambent.model.scope import Caller
from lambent.services.elbv2.health import HealthChecks
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response
from lambent.wire.query import form_of

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ElbEnv:
    """`forward` asks the neighbour; `read` reads what that answers to an operation; `used` tells what a target group
    is that a listener leads to, None for any other; `targets` are those that a target group has by now, `permitted`
    tells whether a function's policy lets a load balancer in for a target group (ARNs)."""

    forward: Callable[[Request, Caller], Awaitable[Response]]
    read: Callable[[str, Response], Document]
    used: Callable[[Caller, str], Awaitable[TargetGroup | None]]
    checks: HealthChecks
    targets: Callable[[Caller, str], Awaitable[list[str]]]
    permitted: Callable[[Caller, str, str], bool]


@dataclass(frozen=True, slots=True)
class Asked:
    """The same, with the request as it came."""

    env: ElbEnv
    request: Request


def takes(request: Request) -> bool:
    """Whether it is one of these operations."""
    return _action(request) in OPERATIONS


def _action(request: Request) -> str:
    return form_of(request).get("Action", "")


async def describe_target_health(asked: Asked, caller: Caller, params: Document) -> Document | Response:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html"""
    response = await asked.env.forward(asked.request, caller)
    if response.status != 200:
        return response
    described = asked.env.read("DescribeTargetHealth", response).get("TargetHealthDescriptions", [])
    if not any(_is_function(one) for one in described):
        return response
    arn = params["TargetGroupArn"]
    used = await asked.env.used(caller, arn)
    return {"TargetHealthDescriptions": [_described(asked.env.checks, arn, used, one) for one in described]}


def _is_function(described: Document) -> bool:
    return str(described.get("Target", {}).get("Id", "")).split(":")[2:3] == ["lambda"]


def _described(checks: HealthChecks, arn: str, used: TargetGroup | None, one: Document) -> Document:
    if not _is_function(one) or one.get("TargetHealth", {}).get("Reason") == "Target.NotRegistered":
        return one
    function = str(one["Target"]["Id"])
    health = _health(checks, arn, used, function)
    said = {"State": health.state, "Reason": health.reason, "Description": health.description}
    return {
        "Target": {"Id": function, "AvailabilityZone": "all"},
        "TargetHealth": {name: value for name, value in said.items() if value},
    }


def _health(checks: HealthChecks, arn: str, used: TargetGroup | None, function: str) -> Health:
    if used is None:
        return target_health.NOT_USED
    return checks.health(arn, function) if used.check is not None else target_health.NOT_CHECKED


async def register_targets(asked: Asked, caller: Caller, params: Document) -> Document | Response:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html: a target group has one
    function, which has to let the load balancer in. Raises Fault: 400, 403."""
    group = params["TargetGroupArn"]
    named = [str(one["Id"]) for one in params.get("Targets") or ()]
    functions = {one for one in named if _is_function({"Target": {"Id": one}})}
    if functions:
        there = {one for one in await asked.env.targets(caller, group) if _is_function({"Target": {"Id": one}})}
        if len(functions | there) > 1:
            raise Fault("TooManyTargets", "You've reached the limit on the number of targets.", status=400)
    for function in functions:
        if not asked.env.permitted(caller, group, function):
            text = f"does not have permission to invoke {function} from target group {group}"
            raise Fault("AccessDenied", f"elasticloadbalancing principal {text}", status=403)
    return await asked.env.forward(asked.request, caller)


OPERATIONS = {"DescribeTargetHealth": describe_target_health, "RegisterTargets": register_targets}
