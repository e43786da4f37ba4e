"""A guard that two at once pass."""

from collections.abc import Iterator

from lambent.pitfalls import effects, guards
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """An item that is asked for, and then written without condition, where what is written is whether it was there."""
    for function in project.functions:
        if effects.at_least_once(function) or not function.listed:
            for write in guards.unguarded(function):
                yield Hit(write.place, "two deliveries at once both find nothing, and both go on", function)


RULE = Rule(
    code="ASY006",
    title="The guard against duplicates is not atomic",
    level="error",
    reliability="certain",
    production='Duplicates arrive together as well: both read "not there", both do the work (the charge, the mail), both'
    " write.",
    mend='put first with ConditionExpression="attribute_not_exists(id)"; or use Powertools\' idempotency',
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/concepts-event-driven-architectures.html",),
    seeds="002, 003",
    elsewhere="The sample of a seed (get_item, then put_item) has this fault.",
)
