"""S3 and DynamoDB out of reach."""

from collections.abc import Iterator

from lambent.pitfalls import effects, networks
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """S3 or DynamoDB from subnets without NAT and without a gateway endpoint."""
    for function in project.functions:
        subnets = networks.subnets(function)
        if not subnets:
            continue
        routes = {networks.default_route(subnet, function.stack) for subnet in subnets}
        called = {call.service for call in effects.calls(function)} & {"s3", "dynamodb"}
        missing = sorted(one for one in called if not networks.endpoint(function.stack, one))
        if routes and routes <= {"internet", "none"} and missing:
            yield Hit(function.fact("VpcConfig"), f"no way to {', '.join(missing)} from its subnets", function)


RULE = Rule(
    code="NET002",
    title="S3 or DynamoDB from a VPC without a gateway endpoint",
    level="error",
    reliability="certain",
    production="The call hangs until the function times out.",
    mend="add an AWS::EC2::VPCEndpoint of type Gateway to the subnets' route tables; it costs nothing",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html",),
    seeds="000, 001, 002",
    silent="the network is not of this template",
)
