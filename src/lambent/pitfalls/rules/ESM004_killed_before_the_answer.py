"""Killed before it could say what was done."""

from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.batches import failures_reported, one_by_one
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule

KINDS = ("sqs", "kinesis", "dynamodb")


def check(project: Project) -> Iterator[Hit]:
    """Mappings that report failures, of functions with effects that nothing guards."""
    for function in project.functions:
        if function.code is None or effects.guarded(function):
            continue
        again = next((call for call in effects.calls(function) if effects.again(call)), None)
        for trigger in function.driven_by(*KINDS) if again is not None else ():
            if failures_reported(trigger) and not one_by_one(trigger):
                text = f"{again.service}.{again.operation} happens again for the records before the one that kills it"  # type: ignore[union-attr]
                yield Hit(trigger.place, text, function, trigger.resource.id)


RULE = Rule(
    code="ESM004",
    title="Failures are reported, and a crash reports nothing",
    level="info",
    reliability="possible",
    production="Out of memory or out of time there is no answer: the whole batch comes again, with what was done already.",
    mend="guard each record with its id (Powertools' idempotency)",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html",),
    seeds="002",
    silent="something guards. What is done twice is found by torture: it is only possible",
)
