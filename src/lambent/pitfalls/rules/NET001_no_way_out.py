"""A function without a way out."""

from collections.abc import Iterator

from lambent.pitfalls import effects, networks
from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Functions in subnets of the template with no NAT, that call something outside."""
    for function in project.functions:
        subnets = networks.subnets(function)
        if not subnets:
            continue
        routes = {networks.default_route(subnet, function.stack) for subnet in subnets}
        called = _called(function)
        if routes and routes <= {"internet", "none"} and called:
            kind = "only an internet gateway, which gives Lambda no address" if "internet" in routes else "no route"
            yield Hit(function.fact("VpcConfig"), f"its subnets have {kind}; it calls {', '.join(called)}", function)


def _called(function: Function) -> list[str]:
    """Services that it calls without an endpoint for them."""
    services = {call.service for call in effects.calls(function)} - {"s3", "dynamodb"}
    return sorted(one for one in services if not networks.endpoint(function.stack, one))


RULE = Rule(
    code="NET001",
    title="A function in a VPC without a way to what it calls",
    level="error",
    reliability="certain",
    production="Calls to AWS or the internet hang until the function times out; it looks like a fault of the code.",
    mend="private subnets with a route to a NAT gateway, VPC endpoints for what is called, or no VPC",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc-internet.html",),
    seeds="000, 001, 002, 004",
    elsewhere="checkov CKV_AWS_117, cdk-nag LambdaInsideVPC and guard want every function in a VPC.",
    silent="the network is not of this template",
)
