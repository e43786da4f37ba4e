"""Load balancers as the neighbour answers for them, made into what the door and the health checks go by."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from botocore.parsers import create_parser

from lambent.http_events.alb import IDLE_SECONDS, Balancer, HealthCheck, Rule, TargetGroup
from lambent.model.scope import Caller, Scope
from lambent.neighbour.neighbour import Neighbour
from lambent.neighbour.outbox import signed_as
from lambent.wire import service
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response

SERVICE = "elbv2"
VERSION = "2015-12-01"
FORM = "application/x-www-form-urlencoded; charset=utf-8"
IDLE = "idle_timeout.timeout_seconds"

Document = dict[str, Any]


class Reader:
    """Asks for one account and region at a time."""

    def __init__(self, neighbour: Neighbour) -> None:
        self._neighbour = neighbour

    async def read(self, scope: Scope) -> Sequence[Balancer]:
        """Every listener of every load balancer; of one without any, itself with no rules."""
        found = (await self._ask(scope, "DescribeLoadBalancers")).get("LoadBalancers", [])
        groups = await self._groups(scope) if found else {}
        return [one for balancer in found for one in await self._listeners(scope, balancer, groups)]

    async def targets(self, caller: Caller, group: str) -> list[str]:
        """The ids of a target group's targets."""
        health = await self._ask(caller.scope, "DescribeTargetHealth", TargetGroupArn=group)
        return [str(one["Target"]["Id"]) for one in health.get("TargetHealthDescriptions", [])]

    async def _listeners(self, scope: Scope, balancer: Document, groups: Mapping[str, TargetGroup]) -> list[Balancer]:
        arn = balancer["LoadBalancerArn"]
        label = str(balancer.get("DNSName", "")).partition(".")[0].lower()
        listeners = (await self._ask(scope, "DescribeListeners", LoadBalancerArn=arn)).get("Listeners", [])
        attributes = await self._attributes(scope, "DescribeLoadBalancerAttributes", LoadBalancerArn=arn)
        idle = float(attributes.get(IDLE) or IDLE_SECONDS)
        of = arn, scope.account, scope.region
        return [
            Balancer(*of, int(one["Port"]), one["Protocol"], await self._rules(scope, one["ListenerArn"]), groups,
                     label, one["ListenerArn"], idle, attributes,
                     await self._attributes(scope, "DescribeListenerAttributes", ListenerArn=one["ListenerArn"]))
            for one in listeners
        ] or [Balancer(*of, 80, "HTTP", (), groups, label)]  # fmt: skip

    async def _rules(self, scope: Scope, listener: str) -> list[Rule]:
        rules = (await self._ask(scope, "DescribeRules", ListenerArn=listener)).get("Rules", [])
        ordered = sorted(rules, key=lambda one: _priority(one.get("Priority")))
        return [Rule(one.get("Conditions", ()), sorted(one.get("Actions", ()), key=_order)) for one in ordered]

    async def _groups(self, scope: Scope) -> Mapping[str, TargetGroup]:
        groups = {}
        for one in (await self._ask(scope, "DescribeTargetGroups")).get("TargetGroups", []):
            arn, kind = one["TargetGroupArn"], one.get("TargetType", "instance")
            groups[arn] = await self._function(scope, one) if kind == "lambda" else TargetGroup(arn, kind)
        return groups

    async def _function(self, scope: Scope, group: Document) -> TargetGroup:
        arn = group["TargetGroupArn"]
        targets = await self.targets(Caller(scope, ""), arn)
        attributes = await self._attributes(scope, "DescribeTargetGroupAttributes", TargetGroupArn=arn)
        multiple = attributes.get("lambda.multi_value_headers.enabled") == "true"
        return TargetGroup(arn, "lambda", targets[0] if targets else "", multiple, _check(group))

    async def _attributes(self, scope: Scope, action: str, **params: str) -> Mapping[str, Any]:
        said = (await self._ask(scope, action, **params)).get("Attributes", [])
        return {one["Key"]: one.get("Value") for one in said}

    async def _ask(self, scope: Scope, action: str, **params: str) -> Document:
        """What the neighbour answers, {} to what it refuses."""
        body = urlencode({"Action": action, "Version": VERSION, **params}).encode()
        headers = {"host": "127.0.0.1", "content-type": FORM}
        headers["authorization"] = signed_as(scope, "elasticloadbalancing")
        try:
            response = await self._neighbour.forward(
                Request("POST", "/", "", headers, body), Caller(scope, ""), SERVICE
            )
        except Fault:
            return {}
        return parsed(action, response) if response.status == 200 else {}


def parsed(action: str, response: Response) -> Document:
    """What an answer of status 200 says."""
    shape = service.load(SERVICE).operation(action).output_shape
    sent = {"status_code": 200, "headers": {}, "body": response.body}
    found: Document = create_parser("query").parse(sent, shape)
    return found


def _check(group: Document) -> HealthCheck | None:
    """How it is checked. Numbers that are not told are AWS's defaults."""
    if not group.get("HealthCheckEnabled"):
        return None
    usual = HealthCheck()
    return HealthCheck(
        str(group.get("HealthCheckPath") or usual.path),
        float(group.get("HealthCheckIntervalSeconds") or usual.interval),
        float(group.get("HealthCheckTimeoutSeconds") or usual.timeout),
        int(group.get("HealthyThresholdCount") or usual.passes),
        int(group.get("UnhealthyThresholdCount") or usual.failures),
        str((group.get("Matcher") or {}).get("HttpCode") or usual.codes),
    )


def _priority(said: object) -> int:
    return int(str(said)) if str(said).isdigit() else 1 << 30


def _order(action: Mapping[str, Any]) -> int:
    return int(action.get("Order") or 0)
