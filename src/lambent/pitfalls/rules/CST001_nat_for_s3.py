"""Paying a NAT gateway for what is free."""

from collections.abc import Iterator

from lambent.pitfalls import effects, networks
from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """S3 and DynamoDB by way of a NAT gateway of the stack."""
    for function in project.functions:
        for gateway in list(function.stack.of("AWS::EC2::NatGateway"))[:1]:
            services = _through(function)
            if services:
                yield Hit(gateway, f"{function.id} reaches {' and '.join(services)} through it", function, gateway.id)


def _through(function: Function) -> list[str]:
    subnets = networks.subnets(function)
    if not subnets or any(networks.default_route(one, function.stack) != "nat" for one in subnets):
        return []
    called = {call.service for call in effects.calls(function)} & {"s3", "dynamodb"}
    return sorted(one for one in called if not networks.endpoint(function.stack, one))


RULE = Rule(
    code="CST001",
    title="S3 or DynamoDB through a NAT gateway",
    level="warning",
    reliability="certain",
    production="$0.045 per GB, and $32 a month for the gateway in each zone; a gateway endpoint for S3 and DynamoDB costs"
    " nothing.",
    mend="AWS::EC2::VPCEndpoint of type Gateway for the private subnets' route tables",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html",),
    seeds="000, 001, 002",
    silent="the network is of another stack",
)
