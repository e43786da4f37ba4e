"""One Availability Zone."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.tree import Ref
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Functions in one subnet, or in subnets of one zone."""
    for function in project.functions:
        fact = function.fact("VpcConfig", "SubnetIds")
        if not isinstance(fact.value, list) or not fact.value:
            continue
        if len(fact.value) == 1 and isinstance(fact.value[0], str | Ref):
            yield Hit(fact, "the function has one subnet", function)


RULE = Rule(
    code="NET004",
    title="The function stands in a single subnet",
    level="warning",
    reliability="certain",
    production="When the zone fails every invocation fails; its addresses are all there are.",
    mend="give subnets of two zones or more",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html",),
    seeds="002",
)
