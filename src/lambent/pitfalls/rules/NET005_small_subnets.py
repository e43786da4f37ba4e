"""Few addresses."""

from collections.abc import Iterator
from ipaddress import ip_network

from lambent.pitfalls import networks
from lambent.pitfalls.facts.project import Project, Resource
from lambent.pitfalls.finding import Hit, Rule

RESERVED = 5
"""Addresses of each subnet that AWS keeps (https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html)."""
FEW = 16


def check(project: Project) -> Iterator[Hit]:
    """Subnets of the stack with hardly any addresses."""
    for function in project.functions:
        for subnet in networks.subnets(function) or ():
            usable = _usable(subnet)
            if usable is not None and usable <= FEW:
                yield Hit(
                    subnet.fact("CidrBlock"), f"{usable} addresses for all that stands there", function, subnet.id
                )


def _usable(subnet: Resource) -> int | None:
    block = subnet.properties.get("CidrBlock")
    try:
        return ip_network(block, strict=False).num_addresses - RESERVED if isinstance(block, str) else None
    except ValueError:
        return None


RULE = Rule(
    code="NET005",
    title="A subnet with few addresses",
    level="info",
    reliability="possible",
    production="When there is no address left for a network interface, invocations fail (EC2ThrottledException, ENILimitReached).",
    mend="subnets of /24 or larger for functions, apart from others",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html",),
    seeds="002",
    elsewhere="Seeds count an address for each environment: since 2019 interfaces are shared by all of one subnet and group.",
)
