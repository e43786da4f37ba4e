"""More reserved than there is."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule

ACCOUNT, KEPT = 1000, 100


def check(project: Project) -> Iterator[Hit]:
    """Stacks that reserve more than the default account has to give."""
    for stack in project.stacks:
        facts = [(one, one.fact("ReservedConcurrentExecutions")) for one in stack.functions]
        total = sum(fact.number or 0 for _, fact in facts)
        if total > ACCOUNT - KEPT:
            function, fact = max(facts, key=lambda pair: pair[1].number or 0)
            yield Hit(fact, f"the stack reserves {total:,} of {ACCOUNT:,}; {KEPT} must stay", function)


RULE = Rule(
    code="CON004",
    title="More concurrency is reserved than the account can give",
    level="warning",
    reliability="likely",
    production="PutFunctionConcurrency is refused when less than 100 would be left unreserved; below that every other"
    " function of the account and region is starved.",
    mend="reserve less, or raise the account's quota first",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html",),
    seeds="002, 004",
)
