"""Where a function in a VPC can go: its subnets, their routes, the endpoints."""

from typing import Any

from lambent.pitfalls.facts.project import Function, Resource, Stack
from lambent.pitfalls.facts.tree import Map, refs

DATABASES = ("AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::ElastiCache::CacheCluster", "AWS::DocDB::DBCluster",
             "AWS::ElastiCache::ReplicationGroup")  # fmt: skip


def database(function: Function) -> Resource | None:
    """The database of the stack whose address a function is told."""
    for ref in refs(function.environment):
        target = function.stack.target(ref)
        if target is not None and target.type in DATABASES:
            return target
    return None


def subnets(function: Function) -> list[Resource] | None:
    """The subnets of the template that a function stands in; None when it has no VPC or one can't be known."""
    return _all(function.stack, function.fact("VpcConfig", "SubnetIds").value, "AWS::EC2::Subnet")


def _all(stack: Stack, value: Any, kind: str) -> list[Resource] | None:
    """The resources of a type that are named; None when there are none, or one can't be known."""
    if not isinstance(value, list) or not value:
        return None
    found = [stack.target(one) for one in value]
    known = [one for one in found if one is not None and one.type == kind]
    return known if len(known) == len(found) else None


def default_route(subnet: Resource, stack: Stack) -> str | None:
    """What 0.0.0.0/0 of a subnet goes to: "nat", "internet", "none"; None when its table can't be known."""
    tables = [
        stack.target(one.properties.get("RouteTableId"))
        for one in stack.of("AWS::EC2::SubnetRouteTableAssociation")
        if stack.target(one.properties.get("SubnetId")) is subnet
    ]
    if len(tables) != 1 or tables[0] is None:
        return None
    for route in stack.of("AWS::EC2::Route"):
        if stack.target(route.properties.get("RouteTableId")) is tables[0]:
            if "NatGatewayId" in route.properties:
                return "nat"
            if "GatewayId" in route.properties:
                return "internet"
            return None
    return "none"


def endpoint(stack: Stack, service: str) -> bool:
    """Whether the stack has an endpoint for a service, or one whose service can't be read."""
    return any(f".{service}" in str(one.properties.get("ServiceName")) for one in stack.of("AWS::EC2::VPCEndpoint"))


def guards(database: Resource) -> Any:
    """What names the security groups of a database."""
    names = ("VPCSecurityGroups", "VpcSecurityGroupIds", "SecurityGroupIds")
    return next((database.properties[name] for name in names if name in database.properties), None)


def groups(stack: Stack, value: Any) -> list[Resource] | None:
    """The security groups of the stack that are named; None when one can't be known."""
    found = _all(stack, value, "AWS::EC2::SecurityGroup")
    return None if found is None or any(one.open for one in found) else found


def ingress(stack: Stack, group: Resource) -> list[Any]:
    """The rules by which a group lets in: its own, and those that stand beside it."""
    own = group.properties.get("SecurityGroupIngress", group.properties.get("Ingress"))
    listed = list(own) if isinstance(own, list) else [] if own is None else [own]
    beside = stack.of("AWS::EC2::SecurityGroupIngress", "Terraform::SecurityGroupRule")
    return [*listed, *(one.properties for one in beside if stack.target(one.properties.get("GroupId")) is group)]


_SOURCES = ("SourceSecurityGroupId", "SourceSecurityGroupName", "SecurityGroups", "ReferencedSecurityGroupId")


def keeps_out(rule: Any, own: list[Resource], stack: Stack) -> bool:
    """Whether a rule names groups alone, all of the stack, and none of a function's own."""
    if not isinstance(rule, Map) or any(
        key.lower().startswith(("cidr", "sourceprefix", "prefix", "self")) for key in rule
    ):
        return False
    values = [one for name in _SOURCES if name in rule for one in _each(rule[name])]
    targets = [stack.target(one) for one in values]
    return bool(values) and all(one is not None and one not in own for one in targets)


def _each(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]
