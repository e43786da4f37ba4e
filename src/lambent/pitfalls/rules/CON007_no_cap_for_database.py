"""A bound for the database."""

from collections.abc import Iterator

from lambent.pitfalls import networks
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Functions in a VPC that are told a database's address, without a reservation or a mapping's maximum."""
    for function in project.functions:
        capped = not function.fact("ReservedConcurrentExecutions").absent or any(
            not one.fact("ScalingConfig").absent for one in function.triggers
        )
        if function.fact("VpcConfig").absent or capped or any(function.stack.of("AWS::RDS::DBProxy")):
            continue
        database = networks.database(function)
        if database is not None:
            yield Hit(function, f"nothing bounds how many environments connect to {database.id}", function)


RULE = Rule(
    code="CON007",
    title="Nothing protects the database from the function's concurrency",
    level="warning",
    reliability="likely",
    production='A burst takes 1,000 environments with a connection each, a small database has 100: "too many'
    ' connections" for everybody.',
    mend="set ReservedConcurrentExecutions (or the mapping's MaximumConcurrency), or put RDS Proxy between",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/services-rds.html",),
    seeds="002, 004",
)
