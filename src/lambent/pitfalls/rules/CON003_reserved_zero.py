"""A function that is switched off."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """ReservedConcurrentExecutions: 0."""
    for function in project.functions:
        fact = function.fact("ReservedConcurrentExecutions")
        if fact.number == 0:
            yield Hit(fact, "a reservation of 0 switches the function off", function)


RULE = Rule(
    code="CON003",
    title="Reserved concurrency is 0",
    level="error",
    reliability="certain",
    production="Every synchronous call is answered 429; asynchronous events go straight to the dead-letter queue or are"
    " lost; queues are not read.",
    mend="remove ReservedConcurrentExecutions, or say in a comment that it is off on purpose",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html",),
    seeds="000, 002, 004",
    elsewhere="checkov CKV_AWS_115 asks for a reservation and is content with 0.",
)
