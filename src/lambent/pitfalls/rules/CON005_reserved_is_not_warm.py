"""A reservation that warms nothing."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.wiring import DOORS
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Reserved and no provisioned concurrency on functions that people wait for."""
    for function in project.functions:
        reserved = function.fact("ReservedConcurrentExecutions")
        provisioned = not function.fact("ProvisionedConcurrencyConfig").absent or any(
            "ProvisionedConcurrencyConfig" in one.properties for one in function.stack.of("AWS::Lambda::Alias")
        )
        if function.driven_by(*DOORS) and (reserved.number or 0) > 0 and not provisioned:
            yield Hit(
                reserved, f"{reserved.number} are reserved, none of them is started before it is needed", function
            )


RULE = Rule(
    code="CON005",
    title="Reserved concurrency keeps nothing warm",
    level="info",
    reliability="possible",
    production="A reservation is a bound and a share of the pool: the first request of each environment starts cold as"
    " before.",
    mend="provisioned concurrency if cold starts were meant; nothing, if a bound was",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html",),
    seeds="002",
)
