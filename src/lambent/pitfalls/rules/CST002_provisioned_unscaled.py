"""Provisioned for the whole day."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """A fixed number of provisioned environments in a stack without scaling for them."""
    for function in project.functions:
        fact = function.fact("ProvisionedConcurrencyConfig", "ProvisionedConcurrentExecutions")
        if fact.number and not any(function.stack.of("AWS::ApplicationAutoScaling::ScalableTarget")):
            memory = function.fact("MemorySize").number or 128
            month = fact.number * memory / 1024 * 0.0000041667 * 86_400 * 30
            yield Hit(
                fact,
                f"{fact.number} environments stand ready day and night: about ${month:,.0f} a month idle",
                function,
            )


RULE = Rule(
    code="CST002",
    title="Provisioned concurrency without a schedule",
    level="info",
    reliability="likely",
    production="Idle environments cost $0.0000041667 per GB-second, $10.80 a month for each GB.",
    mend="an AWS::ApplicationAutoScaling::ScalableTarget with a schedule or target tracking",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html",),
    seeds="000, 001, 002, 004",
    elsewhere="A seed takes the duration price for the idle one: $126 a month where it is $54.",
)
